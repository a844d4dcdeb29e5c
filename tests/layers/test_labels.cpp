#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

using Integers = std::vector<std::int32_t>;
using Image = Shape<Batch, 4, 4, 1>;

/// Miyato and Koyama, "cGANs with projection discriminator" (2018), with one convolution.
struct Projection {
    using Input = layers::Inputs<Image, layers::Indices<Shape<Batch>>>;
    Fused<Conv2d<1, 3, Conv2dOptions{.size = 2, .stride = 2}>, LeakyReLU<0.2>> conv;
    Dense<3, 1> head;
    Embedding<5, 3> embed;

    auto operator()(const auto& image, const auto& label) const {
        const auto features = reshape<Shape<Batch, 3>>(global_avg_pool2d(conv(image)));
        return head(features) + sum_per_sample(features * embed(label));
    }
};
/// Labels are the only input, and are passed on to a struct.
struct OfLabels {
    using Input = layers::Indices<Shape<Batch>>;
    struct Two {
        Embedding<5, 2> a, b;
        auto operator()(const auto& label) const { return a(label) * b(label); }
    } two;
    Sequential<Embedding<5, 2>, Dense<2, 2>> chain;

    auto operator()(const auto& label) const { return two(label) + chain(label); }
};

}  // namespace

TEMPLATE_TEST_CASE("a struct takes labels", "[layers]", GANTRY_TEST_DEVICES) {
    const auto check = [&]<class T>(const T&) {
        TestType device;
        Network<Projection, TestType, T> net{device, Seed{2}};
        net.parameter("embed.weight").from_host(random_numbers<T>(15, "embedding"));
        const Step step{device};
        const auto image = from_host<Image>(device, 3, random_numbers<T>(48, "x"));
        const auto labels = [&](const Integers& numbers) {
            return from_host<Shape<Batch>>(device, 3, numbers);
        };
        const auto y = net(image, labels({4, 0, 4})).to_host();
        CHECK(evaluation(net)(image, labels({4, 0, 4})).to_host() == y);
        const auto others = net(image, labels({4, 1, 4})).to_host();
        CHECK((others[0] == y[0] && others[1] != y[1] && others[2] == y[2]));
        backward(sum(net(image, labels({4, 0, 4}))), net);
        const auto gradients = net.gradients().to_host();
        REQUIRE(gradients.size() == 15 + 4 + 15);
        const std::vector<T> of_embedding(gradients.begin() + 19, gradients.end());
        for (std::size_t i = 0; i < 15; ++i) {
            const bool used = i < 3 || i >= 12;  // classes 0 and 4
            CHECK((of_embedding[i] != 0) == used);
        }
        // A gradient penalty through the embedding.
        const auto x = variable(image);
        const auto slope = grad(sum(net(x, labels({4, 0, 4}))), x, {.create_graph = true});
        backward(mean(square(slope)), net);
        CHECK(net.gradients().to_host()[19 + 12] != 0);
    };
    check(float());
    check(double());
}

TEMPLATE_TEST_CASE("a network of labels alone", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<OfLabels, TestType> net{device, Seed{2}};
    Network<Sequential<Embedding<5, 2>, Dense<2, 2>>, TestType> chain{device, Seed{3}};
    chain.parameter("0.weight").from_host(net.parameter("chain.0.weight").to_host());
    chain.parameter("1.weight").from_host(net.parameter("chain.1.weight").to_host());
    chain.parameter("1.bias").from_host(net.parameter("chain.1.bias").to_host());
    const auto a = net.parameter("two.a.weight").to_host(), b = net.parameter("two.b.weight").to_host();
    const Step step{device};
    const auto labels = from_host<Shape<Batch>>(device, 2, Integers{3, 1});
    const auto y = net(labels).to_host(), of_chain = chain(labels).to_host();
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t at = i < 2 ? 6 + i : 2 + i - 2;
        CHECK(std::abs(y[i] - (a[at] * b[at] + of_chain[i])) < 1e-6);
    }
    backward(sum(chain(labels)), chain);
}

TEST_CASE("an Embedding: names, initial values, costs", "[layers]") {
    using Architecture = Network<Projection, Cpu>::Architecture;
    std::string names;
    for (const auto& info : Architecture::parameters()) names += info.name + ' ';
    CHECK(names == "conv.weight conv.bias head.weight head.bias embed.weight ");
    // The total includes the ops between the layers: a product, a sum per sample and a sum.
    const auto rows = Architecture::summary();
    CHECK(rows.find("embed  Embedding 5 -> 3") != rows.npos);
    const std::size_t conv = 4 * 3 * (2 * 4 + 2), head = 7, average = 12;
    CHECK(layers::cost<Architecture>().flops == conv + average + head + 3 + 3 + 1);
    Cpu device;
    Network<Sequential<Embedding<100, 100>>, Cpu> net{device, Seed{1}};
    double sum = 0, squares = 0;
    for (const float number : net.parameters().to_host()) {
        sum += number;
        squares += number * number;
    }
    CHECK(std::abs(sum / 1e4) < 0.05);
    CHECK(std::abs(squares / 1e4 - 1) < 0.05);
}

}  // namespace gantry::test
