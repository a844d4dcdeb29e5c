#include <gantry/cpu/cpu.hpp>
#include <gantry/init/initialize.hpp>
#include <gantry/init/variance_scaling.hpp>
#include <gantry/layers/activations.hpp>
#include <gantry/layers/batch_norm.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/maxout.hpp>
#include <gantry/network/network.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <support/catch.hpp>
#include <support/devices.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

using Architecture = Sequential<Dense<120, 200>, BatchNorm<200>, LeakyReLU<0.2f>, Dense<200, 50>>;

/// The values of one parameter, by its name.
template <class Net>
std::vector<double> numbers_of(Net& network, const std::string& name) {
    for (const core::ParameterInfo& info : Net::Architecture::parameters())
        if (info.name == name) {
            const auto all = network.parameters().to_host();
            const auto begin = all.begin() + static_cast<std::ptrdiff_t>(info.offset);
            return {begin, begin + static_cast<std::ptrdiff_t>(info.extents.size())};
        }
    FAIL("no parameter " << name);
    return {};
}

struct Moments {
    double mean = 0, deviation = 0, fourth = 0, low = 0, high = 0;  // fourth: kurtosis

    explicit Moments(const std::vector<double>& numbers) {
        const auto n = static_cast<double>(numbers.size());
        for (const double x : numbers) mean += x / n;
        double variance = 0;
        for (const double x : numbers) variance += (x - mean) * (x - mean) / n;
        for (const double x : numbers) fourth += std::pow(x - mean, 4) / (n * variance * variance);
        deviation = std::sqrt(variance);
        low = *std::min_element(numbers.begin(), numbers.end());
        high = *std::max_element(numbers.begin(), numbers.end());
    }
};

/// Requires mean and standard deviation of n values to be within 5 standard errors.
void check_moments(const std::vector<double>& numbers, double mean, double deviation) {
    const Moments m(numbers);
    const double root = std::sqrt(static_cast<double>(numbers.size()));
    CHECK(std::abs(m.mean - mean) < 5 * deviation / root);
    CHECK(std::abs(m.deviation - deviation) < 5 * deviation / root);
}
void check_uniform(const std::vector<double>& numbers, double low, double high) {
    check_moments(numbers, (low + high) / 2, (high - low) / std::sqrt(12.0));
    const Moments m(numbers);
    const double rounding = 1e-6 * (high - low);
    CHECK(m.low >= low - rounding);
    CHECK(m.high <= high + rounding);
    CHECK(m.low < low + 0.01 * (high - low));
    CHECK(m.high > high - 0.01 * (high - low));
}
void check_normal(const std::vector<double>& numbers, double mean, double deviation) {
    check_moments(numbers, mean, deviation);
    CHECK(std::abs(Moments(numbers).fourth - 3) < 0.3);  // 1.8 for a uniform distribution
}

}  // namespace

TEMPLATE_TEST_CASE("Initialisers have their moments and bounds", "[init]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "test");
    const auto weights = [&](const auto& initializer) {
        initialize(network, Role::weight, initializer, stream);
        return numbers_of(network, "0.weight");  // fan-in 120, fan-out 200
    };
    const auto uniform = [&](const auto& initializer, double bound) {
        check_uniform(weights(initializer), -bound, bound);
    };

    SECTION("constant") { CHECK(weights(Constant{0.25}) == std::vector<double>(120 * 200, 0.25)); }
    SECTION("uniform") { check_uniform(weights(Uniform{-0.5, 2}), -0.5, 2); }
    SECTION("normal") { check_normal(weights(Normal{1, 0.02}), 1, 0.02); }
    SECTION("Glorot, uniform") {
        uniform(GlorotUniform{}, std::sqrt(6.0 / 320));
        uniform(GlorotUniform{.gain = 2}, 2 * std::sqrt(6.0 / 320));
    }
    SECTION("Glorot, normal") {
        check_normal(weights(GlorotNormal{}), 0, std::sqrt(2.0 / 320));
        check_normal(weights(GlorotNormal{.gain = 2}), 0, 2 * std::sqrt(2.0 / 320));
    }
    SECTION("Kaiming, uniform") {
        uniform(KaimingUniform{}, std::sqrt(6.0 / 120));
        uniform(KaimingUniform{.mode = FanMode::fan_out}, std::sqrt(6.0 / 200));
        uniform(KaimingUniform{.slope = 0.2}, std::sqrt(6.0 / (1.04 * 120)));
        uniform(KaimingUniform{.slope = 1, .gain = 3}, 3 * std::sqrt(3.0 / 120));
        uniform(KaimingUniform{.slope = std::sqrt(5.0)}, 1 / std::sqrt(120.0));  // PyTorch's Linear
    }
    SECTION("Kaiming, normal") {
        check_normal(weights(KaimingNormal{}), 0, std::sqrt(2.0 / 120));
        check_normal(weights(KaimingNormal{.mode = FanMode::fan_out}), 0, std::sqrt(2.0 / 200));
        check_normal(weights(KaimingNormal{.slope = 0.2}), 0, std::sqrt(2.0 / (1.04 * 120)));
        check_normal(weights(KaimingNormal{.slope = 1, .gain = 3}), 0, 3 / std::sqrt(120.0));
    }
}

TEMPLATE_TEST_CASE("The fan-in and fan-out of a Maxout are those of one piece", "[init]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Maxout<Dense<120, 80>, 3>>, TestType> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "test");
    initialize(network, Role::weight, GlorotUniform{}, stream);
    check_uniform(numbers_of(network, "0.weight"), -std::sqrt(6.0 / 200), std::sqrt(6.0 / 200));
}

TEMPLATE_TEST_CASE("A new network is initialised as PyTorch does", "[init]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    check_uniform(numbers_of(network, "0.weight"), -1 / std::sqrt(120.0), 1 / std::sqrt(120.0));
    const Moments bias(numbers_of(network, "0.bias"));
    CHECK(bias.low >= -1 / std::sqrt(120.0));
    CHECK(bias.high <= 1 / std::sqrt(120.0));
    CHECK(bias.deviation > 0.8 / std::sqrt(3 * 120.0));
    CHECK(numbers_of(network, "1.weight") == std::vector<double>(200, 1));
    CHECK(numbers_of(network, "1.bias") == std::vector<double>(200, 0));
    std::vector<float> states(200, 0);
    states.resize(400, 1);
    CHECK(network.states().to_host() == states);
}

TEMPLATE_TEST_CASE("Initialising one role does not change the others", "[init]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "test");
    const auto weight = numbers_of(network, "0.weight"), last_weight = numbers_of(network, "3.weight");
    initialize(network, Role::bias, Constant{3}, stream);
    CHECK(numbers_of(network, "0.bias") == std::vector<double>(200, 3));
    CHECK(numbers_of(network, "3.bias") == std::vector<double>(50, 3));
    CHECK(numbers_of(network, "1.bias") == std::vector<double>(200, 0));  // a shift, not a bias
    CHECK(numbers_of(network, "0.weight") == weight);
    CHECK(numbers_of(network, "3.weight") == last_weight);
    initialize(network, Role::weight, Normal{}, stream);
    CHECK(numbers_of(network, "0.weight") != weight);
    CHECK(numbers_of(network, "3.weight") != last_weight);
    CHECK(numbers_of(network, "1.weight") == std::vector<double>(200, 1));  // a scale
}

TEMPLATE_TEST_CASE("No two parameters get the same random numbers", "[init]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "test");
    const auto check = [&](const auto& initializer) {
        initialize(network, Role::weight, initializer, stream);
        const auto first = numbers_of(network, "0.weight"), last = numbers_of(network, "3.weight");
        CHECK_FALSE(std::equal(last.begin(), last.end(), first.begin()));
    };
    check(Normal{});
    check(Uniform{});
}

TEMPLATE_TEST_CASE("Initialising between a forward pass and its backward pass is an error", "[init]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "test");
    const Step step{device};
    const auto loss = mean(network(normal<Shape<Batch, 120>>(device, 3, stream)));
    SECTION("a role") { initialize(network, Role::weight, Normal{}, stream); }
    SECTION("all") { initialize_as_pytorch(network, stream); }
    CHECK_THROWS_WITH(backward(loss, network), contains("between a forward pass and its backward pass"));
}

TEST_CASE("A seed gives the same network with any number of threads", "[init][threads]") {
    const auto parameters = [](int threads, Seed seed) {
        Cpu device{{.threads = threads}};
        Network<Architecture, Cpu> network{device, seed};
        RandomStream stream(seed, "test");
        initialize(network, Role::bias, KaimingNormal{}, stream);
        return network.parameters().to_host();
    };
    CHECK(parameters(1, Seed{1}) == parameters(2, Seed{1}));
    CHECK(parameters(1, Seed{1}) != parameters(1, Seed{2}));
}

TEST_CASE("Scaled initialisers of a parameter without fan-in and fan-out are errors", "[init]") {
    EigenCpu device;
    Network<Architecture, EigenCpu> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "test");
    CHECK_THROWS_WITH(initialize(network, Role::scale, GlorotUniform{}, stream),
                      "[GlorotUniform] the parameter must have a fan-in and a fan-out; got 1.weight");
    CHECK_THROWS_WITH(initialize(network, Role::shift, GlorotNormal{}, stream), contains("[GlorotNormal]"));
    CHECK_THROWS_WITH(initialize(network, Role::scale, KaimingUniform{}, stream),
                      contains("[KaimingUniform]"));
    CHECK_THROWS_WITH(initialize(network, Role::scale, KaimingNormal{}, stream), contains("[KaimingNormal]"));
}

TEMPLATE_TEST_CASE("running statistics are initialised by their role", "[init]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Architecture, TestType> network{device, Seed{1}};
    const auto parameters = network.parameters().to_host();
    RandomStream stream(Seed{2}, "statistics");
    initialize(network, Role::running_mean, Constant{2}, stream);
    initialize(network, Role::running_variance, Constant{3}, stream);
    CHECK(network.parameter("1.running_mean").to_host() == std::vector<float>(200, 2));
    CHECK(network.parameter("1.running_var").to_host() == std::vector<float>(200, 3));
    CHECK(network.parameters().to_host() == parameters);
}
