#include <gantry/cpu/cpu.hpp>
#include <gantry/init/output_bias.hpp>
#include <gantry/layers/batch_norm.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/network/network.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <support/catch.hpp>
#include <support/devices.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

/// Output of a generator whose weights are 0: the activation of the output bias that was set to the means.
template <class D>
std::vector<double> output(D& device, const std::vector<double>& means, contracts::ActivationKind activation,
                           double margin = 0.01) {
    Network<Sequential<Dense<3, 2>, Dense<2, 5>>, D> network{device, Seed{1}};
    initialize_output_bias(network, means, activation, margin);
    const auto parameters = network.parameters().to_host();
    std::vector<double> result(parameters.end() - 5, parameters.end());
    for (double& x : result)
        x = activation == contracts::ActivationKind::tanh ? std::tanh(x) : 1 / (1 + std::exp(-x));
    return result;
}
bool near(const std::vector<double>& got, const std::vector<double>& want) {
    bool all = got.size() == want.size();
    for (std::size_t i = 0; all && i < want.size(); ++i) all = std::abs(got[i] - want[i]) < 1e-6;
    return all;
}

}  // namespace

TEMPLATE_TEST_CASE("An initialised output bias gives the marginal means of the data", "[init]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    CHECK(near(output(device, {0.02, 0.3, 0.5, 0.75, 0.98}, contracts::ActivationKind::sigmoid),
               {0.02, 0.3, 0.5, 0.75, 0.98}));
    CHECK(near(output(device, {-0.97, -0.3, 0, 0.5, 0.97}, contracts::ActivationKind::tanh),
               {-0.97, -0.3, 0, 0.5, 0.97}));
    // The activation cannot reach the ends of the range: the means are clamped inside.
    CHECK(near(output(device, {0, 0.001, 0.5, 0.999, 1}, contracts::ActivationKind::sigmoid),
               {0.01, 0.01, 0.5, 0.99, 0.99}));
    CHECK(near(output(device, {-1, -0.999, 0, 0.999, 1}, contracts::ActivationKind::tanh),
               {-0.98, -0.98, 0, 0.98, 0.98}));
    CHECK(near(output(device, {-1, -0.5, 0, 0.5, 1}, contracts::ActivationKind::tanh, 0.1),
               {-0.8, -0.5, 0, 0.5, 0.8}));
}

TEST_CASE("Only the output bias is set", "[init]") {
    EigenCpu device;
    Network<Sequential<Dense<3, 2>, Dense<2, 2>>, EigenCpu> network{device, Seed{1}};
    auto expected = network.parameters().to_host();
    initialize_output_bias(network, std::vector<double>{0.5, 0.5}, contracts::ActivationKind::sigmoid);
    expected[expected.size() - 2] = expected[expected.size() - 1] = 0;
    CHECK(network.parameters().to_host() == expected);
}

TEST_CASE("An output bias that makes no sense is an error", "[init]") {
    EigenCpu device;
    Network<Sequential<Dense<3, 2>>, EigenCpu> network{device, Seed{1}};
    Network<Sequential<Dense<3, 2>, BatchNorm<2>>, EigenCpu> without_bias{device, Seed{1}};
    const auto set = [](auto& to, const std::vector<double>& means, contracts::ActivationKind activation,
                        double margin = 0.01) { initialize_output_bias(to, means, activation, margin); };
    const auto sigmoid = contracts::ActivationKind::sigmoid;
    CHECK_THROWS_WITH(set(without_bias, {0.5, 0.5}, sigmoid), contains("last parameter must be a bias"));
    CHECK_THROWS_WITH(set(network, {0.5}, sigmoid), contains("one mean per output; got 1 for 2"));
    CHECK_THROWS_WITH(set(network, {0.5, -0.1}, sigmoid), contains("must be in [0, 1]"));
    CHECK_THROWS_WITH(set(network, {0.5, 1.1}, contracts::ActivationKind::tanh),
                      contains("must be in [-1, 1]"));
    CHECK_THROWS_WITH(set(network, {0.5, std::numeric_limits<double>::quiet_NaN()}, sigmoid),
                      contains("must be in [0, 1]"));
    CHECK_THROWS_WITH(set(network, {0.5, 0.5}, contracts::ActivationKind::elu),
                      contains("must be sigmoid or tanh"));
    CHECK_THROWS_WITH(set(network, {0.5, 0.5}, sigmoid, 0), contains("margin must be in (0, 0.5)"));
}

TEST_CASE("Marginal means are per value over the samples", "[init]") {
    const std::vector<std::uint8_t> pixels{0, 255, 51, 0, 255, 153};  // 2 samples of 3
    const auto unit = marginal_means(pixels, 3, PixelRange::zero_to_one);
    CHECK(near(unit, {0, 1, 0.4}));
    const auto both = marginal_means(pixels, 3, PixelRange::minus_one_to_one);
    CHECK(near(both, {-1, 1, -0.2}));
    CHECK_THROWS_WITH(
        marginal_means(pixels, 4, PixelRange::zero_to_one),
        "[marginal_means] the data must be one or more whole samples; got 6 values in samples of 4");
    CHECK_THROWS_WITH(marginal_means({}, 4, PixelRange::zero_to_one), contains("whole samples"));
}
