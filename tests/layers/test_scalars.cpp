// Networks of floats with sums in double. Cuda has no kernels for them.
#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <vector>

// The sanitizers are meant for Cpu.
#ifdef GANTRY_TEST_SANITIZERS
#define GANTRY_DEVICES_WITH_WIDE_SUMS Cpu
#else
#define GANTRY_DEVICES_WITH_WIDE_SUMS Cpu, EigenCpu
#endif

namespace gantry::test {
namespace {

using FloatsSummedInDouble = Scalars<float, double>;
constexpr int samples = 37;
constexpr Conv2dOptions scalars_window{.size = 3, .stride = 2, .padding = 1};

template <class To, class From>
std::vector<To> converted(const std::vector<From>& values) {
    return {values.begin(), values.end()};
}
void append(std::vector<double>& all, const auto& values) {
    const auto more = values.to_host();
    all.insert(all.end(), more.begin(), more.end());
}
/// Random floats, as scalars of the network.
template <class S, class Net>
auto inputs(Net& network, std::string_view name) {
    return from_host<S>(network.device(), samples,
                        converted<typename Net::scalar>(random_numbers<float>(S::size(samples), name)));
}
template <class Net>
void set_parameters(Net& network, const std::vector<float>& values) {
    network.parameters().from_host(converted<typename Net::scalar>(values));
}

/// The result of a network, its gradients and its running statistics, all from random floats. `twice`: the
/// gradients of two uses of the network, the second of which is added to the first.
template <class Architecture, class D, class ScalarType>
std::vector<double> computed(bool twice = false) {
    using Net = Network<Architecture, D, ScalarType>;
    D device;
    Net network{device, Seed{1}};
    set_parameters(network, random_numbers<float>(Net::parameter_count, "parameters"));
    const Step step{device};
    const auto x = variable(inputs<typename Architecture::Input>(network, "x"));
    const auto y = network(x);
    const auto upstream = inputs<typename decltype(y)::shape>(network, "upstream");
    auto loss = sum(y * upstream);
    if (twice) loss = loss + sum(network(x) * upstream);
    std::vector<double> all;
    append(all, y);
    append(all, grad(loss, x));
    backward(loss, network);
    append(all, network.gradients());
    append(all, network.states());
    return all;
}

template <class D, class Layer, class Input>
void check_layer() {
    using Architecture = Sequential<Input, Layer>;
    INFO(Layer::name());
    const auto exact = converted<float>(computed<Architecture, D, double>());
    CHECK(computed<Architecture, D, FloatsSummedInDouble>() == converted<double>(exact));
    CHECK(largest_error(computed<Architecture, D, FloatsSummedInDouble>(true),
                        computed<Architecture, D, double>(true)) < 0x1p-23);
}

/// The error of the parameters after an update, against a network of doubles. Each output of the product is a
/// small number between 1e7 w and -1e7 w, which a sum of floats loses.
template <class D, class ScalarType>
double error_of_an_update() {
    constexpr std::size_t outputs = 3, features = 40, last = features - 1;
    const auto updated = []<class Scalar>(std::type_identity<Scalar>) {
        using Net = Network<
            Sequential<Dense<features, outputs>, BatchNorm<outputs>, LeakyReLU<0.2f>, Dense<outputs, 1>>, D,
            Scalar>;
        D device;
        Net network{device, Seed{1}};
        auto weights = random_numbers<float>(Net::parameter_count, "weights");
        std::copy_n(weights.begin(), outputs, weights.begin() + last * outputs);
        set_parameters(network, weights);
        auto x = random_numbers<float>(samples * features, "x");
        for (std::size_t i = 0; i < x.size(); i += features) {
            x[i] = 1e7f;
            x[i + last] = -1e7f;
        }
        Sgd optimizer{network, {.learning_rate = 0.5}};
        const Step step{device};
        const auto y =
            network(from_host<Shape<Batch, features>>(device, samples, converted<typename Net::scalar>(x)));
        optimizer.step(backward(mean(square(y)), network));
        std::vector<double> all;
        append(all, network.parameters());
        // Not the weights of the two large inputs: the sums of their gradients cancel, too.
        all.erase(all.begin() + last * outputs, all.begin() + features * outputs);
        all.erase(all.begin(), all.begin() + outputs);
        return all;
    };
    return largest_error(updated(std::type_identity<ScalarType>{}), updated(std::type_identity<double>{}));
}

template <class D, class ScalarType>
std::vector<double> gradients_of_a_penalty() {
    D device;
    Network<Sequential<Dense<5, 4>, BatchNorm<4>, Tanh, Dense<4, 1>>, D, ScalarType> network{device, Seed{1}};
    set_parameters(network, random_numbers<float>(network.parameter_count, "parameters"));
    const Step step{device};
    const auto x = variable(inputs<Shape<Batch, 5>>(network, "x"));
    backward(mean(square(grad(sum(network(x)), x, {.create_graph = true}))), network);
    std::vector<double> all;
    append(all, network.gradients());
    return all;
}

}  // namespace

TEMPLATE_TEST_CASE("Sums in double are those of a network of doubles, rounded once", "[layers]",
                   GANTRY_DEVICES_WITH_WIDE_SUMS) {
    using SmallImages = InputShape<6, 5, 3>;
    check_layer<TestType, Dense<50, 7>, InputShape<50>>();
    check_layer<TestType, BatchNorm<6>, InputShape<6>>();
    check_layer<TestType, Conv2d<3, 4, scalars_window>, SmallImages>();
    if constexpr (std::is_same_v<TestType, Cpu>)  // calls the kernels of Conv2d
        check_layer<TestType, ConvTranspose2d<3, 4, scalars_window>, SmallImages>();
}

TEMPLATE_TEST_CASE("A step with sums in double survives cancellation", "[layers]",
                   GANTRY_DEVICES_WITH_WIDE_SUMS) {
    CHECK(error_of_an_update<TestType, float>() > 1e-3);
    CHECK(error_of_an_update<TestType, FloatsSummedInDouble>() < 1e-6);
}

TEMPLATE_TEST_CASE("Second derivatives with sums in double", "[layers]", GANTRY_DEVICES_WITH_WIDE_SUMS) {
    CHECK(largest_error(gradients_of_a_penalty<TestType, FloatsSummedInDouble>(),
                        gradients_of_a_penalty<TestType, double>()) < 1e-6);
}

TEST_CASE("Networks with sums in double copy their parameters", "[layers]") {
    using Net = Network<Dense<3, 2>, Cpu, FloatsSummedInDouble>;
    Cpu device;
    Net from{device, Seed{1}}, to{device, Seed{2}};
    copy_parameters(from, to);
    CHECK(to.parameters().to_host() == from.parameters().to_host());
}

}  // namespace gantry::test
