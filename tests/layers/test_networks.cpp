#include "layers/items.hpp"
#include "support/catch.hpp"
#include "support/comma_locale.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <vector>

namespace gantry::test {
TEMPLATE_TEST_CASE("Maxout is the maximum of separate layers", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    constexpr std::size_t pieces = 3, outputs = 5;
    Network<Sequential<Maxout<Dense<9, outputs>, pieces>>, TestType> maxout_network{device, Seed{1}};
    const auto parameters = random_numbers<float>(9 * outputs * pieces + outputs * pieces, "parameters");
    maxout_network.parameters().from_host(parameters);
    const Step step{device};
    const auto got = maxout_network(items(device)).to_host();

    std::vector<float> largest(batch * outputs, -INFINITY);
    for (std::size_t piece = 0; piece < pieces; ++piece) {
        Network<Sequential<Dense<9, outputs>>, TestType> single{device, Seed{1}};
        std::vector<float> part;  // columns of this piece, then its bias
        for (std::size_t row = 0; row < 10; ++row)
            for (std::size_t column = 0; column < outputs; ++column)
                part.push_back(parameters[(row * pieces + piece) * outputs + column]);
        single.parameters().from_host(part);
        const auto y = single(items(device)).to_host();
        for (std::size_t i = 0; i < y.size(); ++i) largest[i] = std::max(largest[i], y[i]);
    }
    CHECK(largest_error(got, largest) < 1e-6);
}

TEMPLATE_TEST_CASE("A layer alone is a network", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Dense<9, 5>, TestType> layer{device, Seed{1}};
    Network<Sequential<Dense<9, 5>>, TestType> chain{device, Seed{1}};
    const Step step{device};
    CHECK(layer(items(device)).to_host() == chain(items(device)).to_host());
}

TEMPLATE_TEST_CASE("layers pass their options to their ops", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = items(device);
    Network<Sequential<Dense<9, 5>>, TestType> dense{device, Seed{1}};
    Network<Sequential<Dense<9, 5>, LeakyReLU<0.25>>, TestType> leaky{device, Seed{1}};
    const auto y = dense(x).to_host(), z = leaky(x).to_host();
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::abs(z[i] - (y[i] > 0 ? y[i] : y[i] / 4)) < 1e-6f);

    // An epsilon above all variances shrinks the result.
    constexpr BatchNormOptions large{.epsilon = 100};
    Network<Sequential<InputShape<9>, BatchNorm<9, large>>, TestType> norm{device, Seed{1}};
    for (const float value : norm(x).to_host()) CHECK(std::abs(value) < 0.5f);
    for (const float value : evaluation(norm)(x).to_host()) CHECK(std::abs(value) < 0.5f);
}

TEMPLATE_TEST_CASE("Dense without bias", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Dense<9, 5, DenseOptions{.bias = false}>>, TestType> network{device, Seed{1}};
    STATIC_REQUIRE(decltype(network)::parameter_count == 45);
    const Step step{device};
    const auto zero = filled<Items>(device, 2, 0);
    CHECK(network(zero).to_host() == std::vector<float>(10, 0));
}

TEMPLATE_TEST_CASE("Dropout in training and evaluation", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<InputShape<9>, Dropout<0.4f>>, TestType> network{device, Seed{1}};
    const Step step{device};
    const auto x = items(device);
    CHECK(evaluation(network)(x).to_host() == x.to_host());
    CHECK(network.dropout_stream().position == 0);
    const auto first = network(x).to_host(), second = network(x).to_host();
    CHECK(first != x.to_host());
    CHECK(first != second);
    CHECK(network.dropout_stream().position > 0);
    CHECK(frozen(network)(x).to_host() != x.to_host());  // a frozen network is in training mode
}

TEMPLATE_TEST_CASE("BatchNorm in training and evaluation", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<InputShape<9>, BatchNorm<9>>, TestType> network{device, Seed{1}};
    const auto start = network.states().to_host();
    CHECK(start == [] {
        std::vector<float> expected(18, 0);
        std::fill(expected.begin() + 9, expected.end(), 1.0f);
        return expected;
    }());
    const Step step{device};
    const auto x = items(device);
    const auto before = evaluation(network)(x).to_host();
    CHECK(network.states().to_host() == start);
    CHECK(largest_error(before, x.to_host()) < 1e-5);  // running mean 0, variance 1
    static_cast<void>(network(x));
    const auto once = network.states().to_host();
    CHECK(once != start);
    static_cast<void>(frozen(network)(x));  // as in PyTorch, running statistics are still updated
    CHECK(network.states().to_host() != once);
    CHECK(evaluation(network)(x).to_host() != before);

    // In evaluation mode, each sample's output is independent of the batch.
    const auto whole = evaluation(network)(x).to_host();
    std::vector<float> singles;
    for (std::size_t i = 0; i < batch; ++i) {
        const auto numbers = x.to_host();
        const std::vector<float> item(numbers.begin() + static_cast<std::ptrdiff_t>(9 * i),
                                      numbers.begin() + static_cast<std::ptrdiff_t>(9 * i + 9));
        for (const float y : evaluation(network)(from_host<Items>(device, 1, item)).to_host())
            singles.push_back(y);
    }
    CHECK(largest_error(singles, whole) < 1e-7);
}

TEMPLATE_TEST_CASE("a new network's parameters are within PyTorch's bounds", "[layers]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    using Architecture = Sequential<Dense<100, 50>, BatchNorm<50>, ReLU, Dense<50, 10>>;
    Network<Architecture, TestType> network{device, Seed{1}};
    const auto all = network.parameters().to_host();
    for (const core::ParameterInfo& info : Architecture::parameters()) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(info.offset);
        const auto end = begin + static_cast<std::ptrdiff_t>(info.extents.size());
        const auto [low, high] = std::minmax_element(begin, end);
        CAPTURE(info.name, *low, *high);
        if (info.role == Role::scale) {
            CHECK((*low == 1 && *high == 1));
        } else if (info.role == Role::shift) {
            CHECK((*low == 0 && *high == 0));
        } else {
            const double bound = 1 / std::sqrt(info.fan_in);
            CHECK((*low >= -bound && *high < bound));
            CHECK((*low < -0.6 * bound && *high > 0.6 * bound));
        }
    }
    Network<Architecture, TestType> same{device, Seed{1}}, other{device, Seed{2}};
    CHECK(same.parameters().to_host() == all);
    CHECK(other.parameters().to_host() != all);
}

TEST_CASE("the same seed gives the same bits with any number of threads", "[layers][threads]") {
    using Architecture = Sequential<Dense<9, 300>, BatchNorm<300>, LeakyReLU<0.2f>, Dropout<0.3f>,
                                    Maxout<Dense<300, 200>, 2>, Dense<200, 1>>;
    CHECK(independent_of_threads([](Cpu& device) {
        Network<Architecture, Cpu> network{device, Seed{1}};
        RandomStream data(Seed{2}, "data");
        std::vector<float> all;
        for (int i = 0; i < 3; ++i) {
            const Step step{device};
            const auto loss = bce_with_logits(network(normal<Items>(device, 150, data)), 0.9);
            backward(loss, network);
            auto w = network.parameters().to_host();
            const auto g = network.gradients().to_host();
            for (std::size_t k = 0; k < w.size(); ++k) w[k] -= 0.1f * g[k];
            network.parameters().from_host(w);
            all.push_back(loss.item());
        }
        for (const float w : network.parameters().to_host()) all.push_back(w);
        for (const float s : network.states().to_host()) all.push_back(s);
        return all;
    }));
}

#ifndef GANTRY_TEST_SANITIZERS  // AddressSanitizer aborts on such a large allocation
TEMPLATE_TEST_CASE("The error of a network that does not fit in memory names its size", "[layers]",
                   GANTRY_TEST_DEVICES) {
    const CommaLocale comma;  // does not group the digits
    TestType device;
    using Large = Network<Sequential<Dense<3, 2>, Dense<2, 2000000000>, Dense<2000000000, 100000>>, TestType>;
    CHECK_THROWS_WITH((Large{device, Seed{1}}), contains(", for a network of 200006000100008 parameters, the "
                                                         "largest being 2.weight (2000000000, 100000)"));
}
#endif

}  // namespace gantry::test
