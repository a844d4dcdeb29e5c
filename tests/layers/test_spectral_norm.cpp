#include "support/op_check.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

constexpr Conv2dOptions strided{.size = {2, 3}, .stride = {2, 1}, .padding = {0, 1}};

/// One layer in evaluation, with given weight, bias, u and v.
template <class Layer>
constexpr auto evaluated = []<class X>(const X& x, const auto&... tensors) {
    return Layer::forward(layers::Pass<false, typename X::scalar>{nullptr}, x, tensors...);
};
/// A row of the table of class vectors for each of three labels.
constexpr auto embedded = []<class W>(const W& table, const auto& u, const auto& v) {
    auto& device = *table.value().device;
    const auto labels = from_host<Shape<Batch>>(device, 3, std::vector<std::int32_t>{3, 0, 3});
    return SpectralNorm<Embedding<4, 2>>::forward(layers::Pass<false, typename W::scalar>{nullptr}, labels,
                                                  table, u, v);
};

struct SpectralStruct {
    using Input = Shape<Batch, 4, 5, 2>;
    Fused<SpectralNorm<Conv2d<2, 3, strided>>, LeakyReLU<0.2>> conv;
    SpectralNorm<Dense<3, 2>, SpectralNormOptions{.iterations = 2}> head;

    auto operator()(const auto& x) const { return head(global_avg_pool2d(conv(x))); }
};
using SpectralSequential =
    Sequential<InputShape<4, 5, 2>, SpectralNorm<Conv2d<2, 3, strided>>, LeakyReLU<0.2>, GlobalAvgPool2d,
               SpectralNorm<Dense<3, 2>, SpectralNormOptions{.iterations = 2}>>;

/// A weight and a state.
struct WeightWithState : Dense<2, 3> {
    using State = core::ParameterList<core::Parameter<"state", Shape<3>, Role::running_mean>>;
};

template <class T, class D>
auto spectral_images(D& device) {
    using Input = SpectralStruct::Input;
    return from_host<Input>(device, 3, random_numbers<T>(Input::size(3), "images"));
}

/// A matrix (outputs, inputs) and its u and v, in double.
struct PowerMethod {
    std::size_t outputs, inputs;
    std::vector<double> w, u, v;

    double at(std::size_t o, std::size_t i) const { return w[o * inputs + i]; }
    static void normalise(std::vector<double>& x) {
        double squares = 0;
        for (const double number : x) squares += number * number;
        for (double& number : x) number /= std::sqrt(squares);
    }
    void iterate() {
        v.assign(inputs, 0);
        for (std::size_t o = 0; o < outputs; ++o)
            for (std::size_t i = 0; i < inputs; ++i) v[i] += at(o, i) * u[o];
        normalise(v);
        u.assign(outputs, 0);
        for (std::size_t o = 0; o < outputs; ++o)
            for (std::size_t i = 0; i < inputs; ++i) u[o] += at(o, i) * v[i];
        normalise(u);
    }
    double sigma() const {
        double sum = 0;
        for (std::size_t o = 0; o < outputs; ++o)
            for (std::size_t i = 0; i < inputs; ++i) sum += u[o] * at(o, i) * v[i];
        return sum;
    }
};

}  // namespace

TEMPLATE_TEST_CASE("SpectralNorm has the derivatives of its layer divided by u^T W v", "[layers]",
                   GANTRY_TEST_DEVICES) {
    // Positive numbers, so that sigma is not close to 0.
    const OpCheckOptions positive{.low = 0.2};
    check_op<TestType, Shape<Batch, 3>, Shape<3, 4>, Shape<4>, Shape<4>, Shape<3>>(
        "SpectralNorm of Dense", evaluated<SpectralNorm<Dense<3, 4>>>, positive);
    check_op<TestType, Shape<Batch, 4, 5, 2>, Shape<2, 3, 2, 3>, Shape<3>, Shape<3>, Shape<2, 3, 2>>(
        "SpectralNorm of Conv2d", evaluated<SpectralNorm<Conv2d<2, 3, strided>>>, positive);
    check_op<TestType, Shape<Batch, 2, 3, 2>, Shape<2, 3, 3, 2>, Shape<3>, Shape<3>, Shape<2, 3, 2>>(
        "SpectralNorm of ConvTranspose2d", evaluated<SpectralNorm<ConvTranspose2d<2, 3, strided>>>, positive);
    check_op<TestType, Shape<4, 2>, Shape<4>, Shape<2>>(
        "SpectralNorm of Embedding", embedded, {.low = 0.2, .batches = {1}, .singles = Singles::not_checked});
}

TEMPLATE_TEST_CASE("SpectralNorm iterates in training and takes u and v as constants", "[layers]",
                   GANTRY_TEST_DEVICES) {
    using Layer = SpectralNorm<Dense<3, 4>, SpectralNormOptions{.iterations = 2}>;
    TestType device;
    Network<Layer, TestType, double> network{device, Seed{1}};
    PowerMethod expected{4, 3, {}, network.parameter("0.weight_u").to_host(), {}};
    const auto weight = network.parameter("0.weight_orig").to_host();  // (in, out)
    for (std::size_t o = 0; o < 4; ++o)
        for (std::size_t i = 0; i < 3; ++i) expected.w.push_back(weight[i * 4 + o]);

    const Step step{device};
    const auto x = from_host<Shape<Batch, 3>>(device, 5, random_numbers<double>(15, "x"));
    const auto gradients_of = [&](const auto& y) {
        std::vector<std::vector<double>> all;
        std::apply([&](const auto&... g) { (all.push_back(g.to_host()), ...); },
                   grad(sum(y * y * y), parameters(network)));
        return all;
    };
    for (int pass = 0; pass < 3; ++pass) {  // of one step: an earlier pass is not changed by a later one
        const auto y = network(x);
        for (int i = 0; i < 2; ++i) expected.iterate();
        CHECK(largest_error(network.parameter("0.weight_u").to_host(), expected.u) < 1e-12);
        CHECK(largest_error(network.parameter("0.weight_v").to_host(), expected.v) < 1e-12);

        const auto [w, b] = parameters(network);
        const auto u = from_host<Shape<4>>(device, 0, expected.u);
        const auto v = from_host<Shape<3>>(device, 0, expected.v);
        const auto in_evaluation = evaluated<Layer>(x, w, b, u, v);
        CHECK(largest_error(y.to_host(), in_evaluation.to_host()) < 1e-12);
        CHECK(largest_error(y.to_host(), matmul(x, w / expected.sigma()).to_host()) > 0.01);  // the bias
        const auto z = network(x);
        for (int i = 0; i < 2; ++i) expected.iterate();
        const auto got = gradients_of(y), constants = gradients_of(in_evaluation), later = gradients_of(z);
        for (std::size_t k = 0; k < got.size(); ++k) CHECK(largest_error(got[k], constants[k]) < 1e-12);
        CHECK(largest_error(later[0], got[0]) > (pass == 0 ? 1e-9 : 0));
    }
}

TEMPLATE_TEST_CASE("SpectralNorm leaves its states as they are where its weight is a constant", "[layers]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const auto check = [&]<class Architecture>(std::type_identity<Architecture>, const std::string& head) {
        Network<Architecture, TestType> network{device, Seed{1}};
        const auto initial = network.states().to_host();
        for (const core::ParameterInfo& info : Network<Architecture, TestType>::Architecture::states()) {
            const auto direction = network.parameter(info.name).to_host();
            double squares = 0;
            for (const float number : direction) squares += static_cast<double>(number) * number;
            CHECK(std::abs(squares - 1) < 1e-6);
        }
        {
            const Step step{device};
            const auto x = variable(spectral_images<float>(device));
            const auto y = evaluation(network)(x);
            CHECK(frozen(network)(x).to_host() == y.to_host());
            CHECK(std::as_const(network).template forward<false, false>(x).to_host() == y.to_host());
            static_cast<void>(grad(sum(frozen(network)(x)), x));
            CHECK(network.states().to_host() == initial);
        }
        network.freeze(head);
        {
            const Step step{device};
            static_cast<void>(network(spectral_images<float>(device)));
            CHECK(network.parameter(head + ".weight_u").to_host() ==
                  std::vector<float>(initial.end() - 5, initial.end() - 3));
        }
        network.unfreeze(head);
        const auto frozen_head = network.states().to_host();
        CHECK(frozen_head != initial);
        {
            const Step step{device};
            static_cast<void>(network(spectral_images<float>(device)));
        }
        CHECK(network.parameter(head + ".weight_u").to_host() !=
              std::vector<float>(initial.end() - 5, initial.end() - 3));

        // Copies and moving averages take the states over.
        Network<Architecture, TestType> copy{device, Seed{2}}, average{device, Seed{3}};
        copy_parameters(network, copy);
        CHECK(copy.states().to_host() == network.states().to_host());
        update_average(average, network, 0.9);
        CHECK(average.states().to_host() == network.states().to_host());
        const Step step{device};
        const auto x = spectral_images<float>(device);
        CHECK(evaluation(copy)(x).to_host() == evaluation(network)(x).to_host());
    };
    check(std::type_identity<SpectralSequential>{}, "4");
    check(std::type_identity<SpectralStruct>{}, "head");
}

TEMPLATE_TEST_CASE("SpectralNorm trains alike in structs and Sequentials", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<SpectralStruct, TestType> network{device, Seed{1}};
    Network<SpectralSequential, TestType> chain{device, Seed{1}};
    for (int i = 0; i < 3; ++i) {
        Sgd sgd{network, {.learning_rate = 0.1}};
        Sgd chain_sgd{chain, {.learning_rate = 0.1}};
        const Step step{device};
        const auto x = spectral_images<float>(device);
        const auto y = network(x), z = chain(x);
        CHECK(y.to_host() == z.to_host());
        sgd.step(backward(mean(square(y)), network));
        chain_sgd.step(backward(mean(square(z)), chain));
    }
    CHECK(network.parameters().to_host() == chain.parameters().to_host());
    CHECK(network.states().to_host() == chain.states().to_host());
}

TEMPLATE_TEST_CASE("SpectralNorm in other layers and around them", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = from_host<Shape<Batch, 3>>(device, 5, random_numbers<float>(15, "x"));
    const auto outputs = [&]<class Layer>(std::type_identity<Layer>) {
        Network<Layer, TestType> network{device, Seed{1}};
        return network(x).to_host();
    };
    // The pieces of a Maxout are one weight.
    const auto pieces = outputs(std::type_identity<Maxout<SpectralNorm<Dense<3, 4>>, 3>>{});
    CHECK(outputs(std::type_identity<SpectralNorm<Maxout<Dense<3, 4>, 3>>>{}) == pieces);
    const auto all_pieces = outputs(std::type_identity<SpectralNorm<Dense<3, 12>>>{});
    for (std::size_t sample = 0; sample < 5; ++sample)
        for (std::size_t o = 0; o < 4; ++o) {
            const std::size_t at = sample * 12 + o;
            CHECK(pieces[sample * 4 + o] ==
                  std::max({all_pieces[at], all_pieces[at + 4], all_pieces[at + 8]}));
        }
    const auto activated = outputs(std::type_identity<Fused<SpectralNorm<Dense<3, 4>>, ReLU>>{});
    CHECK(outputs(std::type_identity<SpectralNorm<Fused<Dense<3, 4>, ReLU>>>{}) == activated);
    CHECK(*std::min_element(activated.begin(), activated.end()) == 0);
    STATIC_REQUIRE(SpectralNorm<Fused<ConvTranspose2d<2, 3, strided>, ReLU>>::output_axis == -2);
    STATIC_REQUIRE(layers::FusesActivation<SpectralNorm<Dense<3, 4>>>);
    STATIC_REQUIRE_FALSE(layers::FusesActivation<SpectralNorm<Embedding<3, 4>>>);
    STATIC_REQUIRE(layers::HasWeight<Dense<2, 3>>);
    STATIC_REQUIRE_FALSE(layers::HasWeight<WeightWithState>);
    STATIC_REQUIRE_FALSE(layers::HasWeight<BatchNorm<3>>);
    STATIC_REQUIRE_FALSE(layers::HasWeight<Sequential<Dense<2, 3>>>);
}

TEST_CASE("SpectralNorm sums in the scalar of its network", "[layers]") {
    // The first output's weights: 1, and 4096 times 2^-13, which are lost one by one in a sum of float.
    using Layer = SpectralNorm<Dense<4097, 1>>;
    Cpu device;
    Network<Layer, Cpu, Scalars<float, double>> network{device, Seed{1}};
    std::vector<float> weight(4097, 0x1p-13f);
    weight[0] = 1;
    network.parameter("0.weight_orig").from_host(weight);
    network.parameter("0.bias").from_host(std::vector<float>{0});
    const Step step{device};
    const auto x = from_host<Shape<Batch, 4097>>(device, 1, weight);
    const double length = std::sqrt(1 + 4096 * 0x1p-26);
    CHECK(std::abs(network(x).to_host()[0] / length - 1) < 1e-7);
}

TEST_CASE("SpectralNorm divides by epsilon where u and v would be longer", "[layers]") {
    Cpu device;
    Network<SpectralNorm<Dense<2, 2>, SpectralNormOptions{.epsilon = 8}>, Cpu> network{device, Seed{1}};
    network.parameter("0.weight_orig").from_host(std::vector<float>{4, 0, 0, 16});
    network.parameter("0.weight_u").from_host(std::vector<float>{1, 0});
    const Step step{device};
    static_cast<void>(network(filled<Shape<Batch, 2>>(device, 1, 1)));
    CHECK(network.parameter("0.weight_v").to_host() == std::vector<float>{0.5f, 0});
    CHECK(network.parameter("0.weight_u").to_host() == std::vector<float>{0.25f, 0});
}

TEST_CASE("SpectralNorm has the names, roles and counts of its layer", "[layers]") {
    using Layer = SpectralNorm<Conv2d<2, 3, strided>>;
    CHECK(Layer::name() == "SpectralNorm of Conv2d 2 -> 3, 2x3 stride 2x1 padding 0x1");
    using Net = Network<Layer, Cpu>;
    STATIC_REQUIRE(Net::parameter_count == Network<Conv2d<2, 3, strided>, Cpu>::parameter_count);
    const auto parameters = Net::Architecture::parameters(), states = Net::Architecture::states();
    REQUIRE(parameters.size() == 2);
    CHECK(parameters[0].name == "0.weight_orig");
    CHECK(parameters[0].role == Role::weight);
    CHECK(parameters[0].fan_in == 12);
    CHECK(parameters[1].name == "0.bias");
    REQUIRE(states.size() == 2);
    CHECK(states[0].name == "0.weight_u");
    CHECK(states[0].extents == core::Extents{1, {3}});
    CHECK(states[1].name == "0.weight_v");
    CHECK(states[1].extents == core::Extents{3, {2, 3, 2}});
    using Embedded = SpectralNorm<Embedding<4, 2>>;
    STATIC_REQUIRE(std::is_same_v<layers::output_of<Embedded, Shape<Batch>>, Shape<Batch, 2>>);
    CHECK(Network<Embedded, Cpu>::Architecture::states()[0].extents == core::Extents{1, {4}});
    CHECK(Network<SpectralNorm<ConvTranspose2d<2, 3, strided>>, Cpu>::Architecture::states()[0].extents ==
          core::Extents{1, {3}});
}

}  // namespace gantry::test
