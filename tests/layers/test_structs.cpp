#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry::test {
namespace {

constexpr Conv2dOptions same{.size = 3, .padding = 1};

template <int channels>
struct ResidualBlock {
    Fused<Conv2d<channels, channels, same>, ReLU> conv1;
    Conv2d<channels, channels, same> conv2;
    BatchNorm<channels> norm;

    auto operator()(const auto& x) const { return x + norm(conv2(conv1(x))); }
};
struct Judge {
    Conv2d<3, 4, same> first;
    std::array<ResidualBlock<4>, 2> blocks;
    Sequential<LeakyReLU<0.2>, GlobalAvgPool2d, Dense<4, 1>> head;
    double scale = 2;  // a number is not a part

    auto operator()(const auto& image) const {
        auto x = first(image);
        for (const auto& block : blocks) x = block(x);
        return scale * head(x);
    }
};

// The members' names are found in what the compiler says of their addresses; a new compiler may say it
// differently.
struct Named {
    Dense<2, 3> a_1;
    std::array<Dense<3, 3>, 2> Many;
    double number = 1;
    struct {
        ReLU inner;
    } unnamed_type;

    auto operator()(const auto& x) const { return unnamed_type.inner(Many[1](Many[0](a_1(x)))); }
};
static_assert(core::member_count<Named> == 4);
static_assert(core::member_name<Named, 0>() == "a_1");
static_assert(core::member_name<Named, 1>() == "Many");
static_assert(core::member_name<Named, 2>() == "number");
static_assert(core::member_name<Named, 3>() == "unnamed_type");

template <class Architecture>
std::string names() {
    std::string text;
    for (const auto& info : Architecture::parameters()) text += info.name + ' ';
    for (const auto& info : Architecture::states()) text += info.name + ' ';
    return text;
}

// The same chain as a struct.
struct Chain {
    Fused<Dense<6, 8>, LeakyReLU<0.2>> first;
    BatchNorm<8> norm;
    Dropout<0.3> dropout;
    Fused<Dense<8, 5>, Tanh> last;

    auto operator()(const auto& x) const { return last(dropout(norm(first(x)))); }
};
struct ChainWithoutDropout {
    Fused<Dense<6, 8>, LeakyReLU<0.2>> first;
    Fused<BatchNorm<8>, ReLU> norm;
    Dense<8, 5> last;

    auto operator()(const auto& x) const { return last(norm(first(x))); }
};
using SequenceWithoutDropout = Sequential<Dense<6, 8>, LeakyReLU<0.2>, BatchNorm<8>, ReLU, Dense<8, 5>>;
using Sequence = Sequential<Dense<6, 8>, LeakyReLU<0.2>, BatchNorm<8>, Dropout<0.3>, Dense<8, 5>, Tanh>;

struct Shared {
    Dense<6, 6> dense;
    Dense<6, 1> head;

    auto operator()(const auto& x) const { return head(tanh(dense(tanh(dense(x))))); }
};
struct Conditional {
    Dense<4, 6> from_noise;
    Dense<3, 6, DenseOptions{.bias = false}> from_class;
    Dense<6, 2> head;

    auto operator()(const auto& z, const auto& label, double weight) const {
        return head(tanh(from_noise(z) + weight * from_class(label)));
    }
};
template <class Feature, class Logit>
struct Outputs {
    Feature feature;
    Logit logit;
};
struct Features {
    Dense<6, 4> body;
    Dense<4, 1> head;

    auto operator()(const auto& x) const {
        const auto feature = relu(body(x));
        return Outputs{feature, head(feature)};
    }
};
struct Several {
    Dense<6, 4> dense;

    auto operator()(const auto& x) const {
        const auto y = dense(x);
        return std::tuple{y, mean(y), std::array{y, y}, std::pair{y, 3}};
    }
};
struct TwoMasks {
    Dropout<0.5> a, b;
    auto operator()(const auto& x) const { return 4 * a(x) + 2 * b(x); }
};
struct NamedMasks {
    Dropout<0.5> a, b;
    auto operator()(const auto& x) const {
        const auto second = b(x);
        const auto first = a(x);
        return 4 * first + 2 * second;
    }
};
struct OneMask {
    Dropout<0.5> a;
    auto operator()(const auto& x) const {
        const auto first = a(x);
        return 4 * first + 2 * a(x);
    }
};
struct Squash {
    auto operator()(const auto& x) const { return 0.5 * tanh(x); }
};
// A custom layer.
struct Scale : layers::PlainLayer, layers::Part<Scale> {
    using Parameters = core::ParameterList<core::Parameter<"factor", Shape<1>, Role::scale>>;
    static std::string name() { return "Scale"; }
    template <class P, AnyTensor X, AnyTensor W>
    static auto forward(const P&, const X& x, const W& factor) {
        return reshape<Shape<>>(factor) * x;
    }
};

struct Scaled {
    Dense<6, 6> dense;
    Scale scale;

    auto operator()(const auto& x) const { return scale(dense(x)); }
};

template <class D>
auto vectors(D& device, int batch = 3) {
    return from_host<Shape<Batch, 6>>(device, batch,
                                      random_numbers<float>(static_cast<std::size_t>(6 * batch), "x"));
}
template <class A, class B>
void copy_by_order(A& from, B& to) {
    to.parameters().from_host(from.parameters().to_host());
    to.states().from_host(from.states().to_host());
}

}  // namespace

TEST_CASE("parameters of a struct are named by its members", "[layers]") {
    using Net = Network<Judge, Cpu>;
    CHECK(names<Net::Architecture>() ==
          "first.weight first.bias "
          "blocks.0.conv1.weight blocks.0.conv1.bias blocks.0.conv2.weight blocks.0.conv2.bias "
          "blocks.0.norm.weight blocks.0.norm.bias "
          "blocks.1.conv1.weight blocks.1.conv1.bias blocks.1.conv2.weight blocks.1.conv2.bias "
          "blocks.1.norm.weight blocks.1.norm.bias "
          "head.3.weight head.3.bias "
          "blocks.0.norm.running_mean blocks.0.norm.running_var blocks.1.norm.running_mean "
          "blocks.1.norm.running_var ");
    static_assert(Net::parameter_count == (3 * 9 * 4 + 4) + 2 * (2 * (4 * 9 * 4 + 4) + 8) + 5);
    using Nested = Sequential<Dense<3, 2>, Named, Squash, Dense<3, 1>>;
    CHECK(names<Nested>() ==
          "0.weight 0.bias 1.a_1.weight 1.a_1.bias 1.Many.0.weight 1.Many.0.bias 1.Many.1.weight "
          "1.Many.1.bias 3.weight 3.bias ");
    // In the buffer they follow each other.
    std::size_t offset = 0;
    for (const auto& info : Net::Architecture::parameters()) {
        CHECK(info.offset == offset);
        offset += info.extents.size();
    }
}

TEST_CASE("summary of a struct", "[layers]") {
    using Architecture = Network<Judge, Cpu>::Architecture;
    std::string rows;
    for (const auto& row : Architecture::summary_rows<Shape<Batch, 8, 8, 3>>())
        rows += row.layer + " | " + row.output + " | " + std::to_string(row.parameters) + " | " +
                std::to_string(row.flops) + '\n';
    const std::string blocks = "conv1  Conv2d 4 -> 4, 3x3 padding 1, ReLU | (Batch, 8, 8, 4) | 148 | 18944\n";
    CHECK(rows.find("first  Conv2d 3 -> 4, 3x3 padding 1 | (Batch, 8, 8, 4) | 112 | 14080\n") == 0);
    CHECK(rows.find("blocks.1." + blocks) != rows.npos);
    CHECK(rows.find("head.2  Dense 4 -> 1 | (Batch, 1) | 5 | 9\n") != rows.npos);
    // The total includes the ops of the call operators: the skips of the blocks and the scale.
    std::size_t listed = 0;
    for (const auto& row : Architecture::summary_rows<Shape<Batch, 8, 8, 3>>()) listed += row.flops;
    CHECK(layers::cost<Architecture, float, Shape<Batch, 8, 8, 3>>().flops == listed + 2 * 256 + 1);
    const std::string summary = Architecture::summary<Shape<Batch, 8, 8, 3>>();
    CHECK(summary.find("\ntotal") != summary.npos);
}

namespace {
/// A struct in a Sequential in a struct.
struct Halves {
    Dense<4, 4> first;
    Dense<4, 2> second;
    Dense<2, 2> unused;

    auto operator()(const auto& x) const { return second(tanh(first(x))) + 1.0; }
};
struct Nest {
    using Input = Shape<Batch, 6>;
    std::array<Sequential<Dense<6, 6>, Squash, Tanh>, 1> blocks;
    Sequential<Sequential<Dense<6, 4>, LeakyReLU<0.2>>, Halves> head;

    auto operator()(const auto& x) const { return head(blocks[0](blocks[0](x))); }
};
std::string rows_text(const std::vector<layers::SummaryRow>& rows) {
    std::string text;
    for (const layers::SummaryRow& row : rows)
        text += row.layer + " | " + row.output + " | " + std::to_string(row.parameters) + " | " +
                std::to_string(row.flops) + " | " + std::to_string(row.bytes) + '\n';
    return text;
}
}  // namespace

TEST_CASE("each part of nested structs and Sequentials has a row", "[layers]") {
    // Called twice: twice the FLOPs and the memory. A fused activation has no memory.
    const std::string nest =
        "blocks.0.0  Dense 6 -> 6 | (Batch, 6) | 42 | 156 | 48\n"
        "blocks.0.2  Tanh | (Batch, 6) | 0 | 12 | 48\n"
        "head.0.0  Dense 6 -> 4 | (Batch, 4) | 28 | 52 | 16\n"
        "head.0.1  LeakyReLU 0.2 | (Batch, 4) | 0 | 4 | 0\n"
        "head.1.first  Dense 4 -> 4 | (Batch, 4) | 20 | 36 | 16\n"
        "head.1.second  Dense 4 -> 2 | (Batch, 2) | 10 | 18 | 8\n"
        "head.1.unused  Dense 2 -> 2 | any | 6 | 0 | 0\n";
    using OfNest = Network<Nest, Cpu>::Architecture;
    CHECK(rows_text(OfNest::summary_rows<Shape<Batch, 6>>()) == nest);
    // The ops of the call operators, in Squash and Halves, are in the total only.
    const layers::Cost cost = layers::cost<OfNest>();
    CHECK(cost.flops == 156 + 12 + 52 + 4 + 36 + 18 + 2 * 2 * 6 + 4 + 2);
    CHECK(cost.bytes == 48 + 48 + 16 + 16 + 8 + 2 * 2 * 24 + 16 + 8);
    CHECK(OfNest::summary().ends_with("106" + std::string(15, ' ') + "308" + std::string(17, ' ') + "256\n"));

    using InSequential = Sequential<Dense<3, 6>, Nest, Dropout<0.5>>;
    std::string all = "0  Dense 3 -> 6 | (Batch, 6) | 24 | 42 | 24\n";
    for (std::size_t begin = 0; begin < nest.size();) {
        const std::size_t end = nest.find('\n', begin) + 1;
        all += "1." + nest.substr(begin, end - begin);
        begin = end;
    }
    CHECK(rows_text(InSequential::summary_rows<Shape<Batch, 3>>()) ==
          all + "2  Dropout 0.5 | (Batch, 2) | 0 | 2 | 8\n");
    // Names only, for files.
    const auto names = InSequential::summary_rows<Shape<Batch, 3>, false>();
    REQUIRE(names.size() == InSequential::leaves);
    CHECK(names[6].layer == "1.head.1.second  Dense 4 -> 2");
    CHECK(names[6].flops == 0);
    for (const core::ParameterInfo& info : InSequential::parameters()) {
        const std::string& row = names[info.leaf].layer;
        CHECK(info.name.starts_with(row.substr(0, row.find("  ")) + '.'));
    }
}

TEMPLATE_TEST_CASE("a chain as a struct equals the Sequential", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Chain, TestType> chain{device, Seed{5}};
    Network<Sequence, TestType> sequence{device, Seed{6}};
    copy_by_order(sequence, chain);
    {
        const Step step{device};
        const auto x = vectors(device);
        CHECK(evaluation(chain)(x).to_host() == evaluation(sequence)(x).to_host());
    }
    CHECK(layers::cost<typename Network<Chain, TestType>::Architecture, float, Shape<Batch, 6>>().flops ==
          layers::cost<Sequence>().flops);
    CHECK(layers::cost<typename Network<Chain, TestType>::Architecture, float, Shape<Batch, 6>>().bytes ==
          layers::cost<Sequence>().bytes);
    // Without dropout, whose streams differ, training gives the same bits.
    Network<ChainWithoutDropout, TestType> trained{device, Seed{5}};
    Network<SequenceWithoutDropout, TestType> expected{device, Seed{6}};
    copy_by_order(expected, trained);
    Adam adam{trained};
    Adam expected_adam{expected};
    for (int i = 0; i < 3; ++i) {
        const Step step{device};
        const auto x = vectors(device, 4);
        adam.step(backward(mean(square(trained(x))), trained));
        expected_adam.step(backward(mean(square(expected(x))), expected));
    }
    CHECK(trained.parameters().to_host() == expected.parameters().to_host());
    CHECK(trained.states().to_host() == expected.states().to_host());
    // With it, what does not depend on the masks is compared.
    const Step step{device};
    const auto x = vectors(device, 4);
    static_cast<void>(chain(x));
    static_cast<void>(sequence(x));
    CHECK(chain.states().to_host() == sequence.states().to_host());
}

TEMPLATE_TEST_CASE("gradients through a struct", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Shared, TestType, double> net{device, Seed{3}};
    const auto numbers = random_numbers<double>(24, "x");
    const auto loss = [&] { return mean(square(net(from_host<Shape<Batch, 6>>(device, 4, numbers)))); };
    std::vector<double> gradients;
    {
        const Step step{device};
        backward(loss(), net);
        gradients = net.gradients().to_host();
    }
    const std::vector<double> parameters = net.parameters().to_host();
    REQUIRE(parameters.size() == 42 + 7);
    for (std::size_t i = 0; i < parameters.size(); i += 5) {
        const auto at = [&](double change) {
            std::vector<double> moved = parameters;
            moved[i] += change;
            net.parameters().from_host(moved);
            const Step step{device};
            return loss().item();
        };
        CAPTURE(i);
        CHECK(std::abs((at(1e-5) - at(-1e-5)) / 2e-5 - gradients[i]) < 1e-8);
    }
    // A gradient penalty: second derivatives.
    net.parameters().from_host(parameters);
    const Step step{device};
    const auto x = variable(from_host<Shape<Batch, 6>>(device, 4, numbers));
    const auto slope = grad(sum(net(x)), x, {.create_graph = true});
    backward(mean(square(slope)), net);
    const auto of_penalty = net.gradients().to_host();
    CHECK(std::any_of(of_penalty.begin(), of_penalty.end(), [](double g) { return std::abs(g) > 1e-6; }));
}

TEMPLATE_TEST_CASE("a struct with several inputs", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Conditional, TestType> net{device, Seed{1}};
    const Step step{device};
    const auto z = from_host<Shape<Batch, 4>>(device, 2, random_numbers<float>(8, "z"));
    const auto label = from_host<Shape<Batch, 3>>(device, 2, std::vector<float>{1, 0, 0, 0, 0, 1});
    const auto y = net(z, label, 0.5);
    static_assert(std::is_same_v<typename std::remove_cvref_t<decltype(y)>::shape, Shape<Batch, 2>>);
    CHECK(net(z, label, 0.0).to_host() != y.to_host());
    CHECK(evaluation(net)(z, label, 0.5).to_host() == y.to_host());
    backward(mean(square(y)), net);
    const auto gradients = net.gradients().to_host();
    CHECK(std::count(gradients.begin(), gradients.end(), 0.f) == 6);  // of the class that is not in the batch
}

TEMPLATE_TEST_CASE("a struct with several results", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Features, TestType> net{device, Seed{1}};
    Network<Several, TestType> several{device, Seed{2}};
    const Step step{device};
    const auto x = vectors(device);
    const auto outputs = net(x);
    static_assert(std::remove_cvref_t<decltype(outputs.logit)>::recorded);
    const auto constant = evaluation(net)(x);
    static_assert(!std::remove_cvref_t<decltype(constant.logit)>::recorded);
    CHECK(outputs.feature.to_host() == constant.feature.to_host());
    // Gradients flow to the input of a frozen network.
    const auto v = variable(x);
    const auto through = frozen(net)(v);
    static_assert(std::remove_cvref_t<decltype(through.feature)>::recorded);
    CHECK(grad(sum(through.logit), v).to_host().size() == 18);
    const auto [y, average, both, pair] = frozen(several)(x);
    static_assert(!std::remove_cvref_t<decltype(average)>::recorded);
    static_assert(!std::remove_cvref_t<decltype(both[1])>::recorded);
    CHECK(pair.first.to_host() == y.to_host());
    CHECK(pair.second == 3);
}

TEMPLATE_TEST_CASE("a constant network of a struct is evaluated", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Judge, TestType> net{device, Seed{1}};
    const auto& constant = net;
    const Step step{device};
    const auto image = filled<Shape<Batch, 8, 8, 3>>(device, 2, 0.5);
    CHECK(evaluation(constant)(image).to_host() == evaluation(net)(image).to_host());
    // Training updates the running statistics; frozen too.
    const auto before = net.states().to_host();
    static_cast<void>(frozen(net)(image));
    CHECK(net.states().to_host() != before);
}

TEMPLATE_TEST_CASE("dropout in a struct draws the same in any order of evaluation", "[layers]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const auto masks = [&]<class M>(std::type_identity<M>) {
        Network<M, TestType> net{device, Seed{1}};
        const Step step{device};
        const auto ones = filled<Shape<Batch, 100>>(device, 1, 1);
        auto both = net(ones).to_host();
        const auto again = net(ones).to_host();
        both.insert(both.end(), again.begin(), again.end());
        return both;
    };
    const auto numbers = masks(std::type_identity<TwoMasks>{});
    CHECK(numbers == masks(std::type_identity<NamedMasks>{}));
    CHECK(!std::equal(numbers.begin(), numbers.begin() + 100, numbers.begin() + 100));
    CHECK(std::count(numbers.begin(), numbers.end(), 8.f) > 25);  // kept by the first mask only
    CHECK(std::count(numbers.begin(), numbers.end(), 4.f) > 25);  // by the second only
    // A part that is called twice draws twice.
    const auto twice = masks(std::type_identity<OneMask>{});
    CHECK(std::count(twice.begin(), twice.end(), 4.f) > 25);
    CHECK(std::count(twice.begin(), twice.end(), 8.f) > 25);
    Network<TwoMasks, TestType> net{device, Seed{1}};
    const Step step{device};
    static_cast<void>(net(filled<Shape<Batch, 100>>(device, 1, 1)));
    CHECK(net.dropout_stream().position == 2 * ((100 + 63) / 64) * 16);
    static_cast<void>(evaluation(net)(filled<Shape<Batch, 100>>(device, 1, 1)));
    CHECK(net.dropout_stream().position == 2 * ((100 + 63) / 64) * 16);
}

TEMPLATE_TEST_CASE("structs, Sequentials and custom layers nest", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Scaled, TestType> inner{device, Seed{1}};
    CHECK(inner.parameter("scale.factor").to_host().size() == 1);
    Network<Sequential<Dense<6, 6>, Shared, Squash>, TestType> net{device, Seed{1}};
    const Step step{device};
    const auto y = net(vectors(device));
    static_assert(std::is_same_v<typename std::remove_cvref_t<decltype(y)>::shape, Shape<Batch, 1>>);
    backward(mean(square(y)), net);
    CHECK(inner(vectors(device)).to_host().size() == 18);
}

TEST_CASE("a layer of a struct is only called by its network", "[layers]") {
    Cpu device;
    const Step step{device};
    const auto x = vectors(device);
    CHECK_THROWS_WITH(Shared{}(x), Catch::Contains("can only be called in the forward pass of a Network") &&
                                       Catch::Contains("got a call of Dense 6 -> 6 outside of it"));
    Network<Conditional, Cpu> net{device, Seed{1}};
    Cpu another;
    const auto elsewhere = filled<Shape<Batch, 3>>(another, 2, 1);
    CHECK_THROWS_WITH(net(filled<Shape<Batch, 4>>(device, 2, 1), elsewhere, 1.0),
                      Catch::Contains("the same device object"));
}

}  // namespace gantry::test
