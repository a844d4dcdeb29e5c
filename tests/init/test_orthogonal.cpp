#include <gantry/cpu/cpu.hpp>
#include <gantry/init/initialize.hpp>
#include <gantry/init/orthogonal.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/network/network.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <support/catch.hpp>
#include <support/devices.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

/// The largest difference between the inner products of `count` vectors and those of orthonormal ones.
/// Element i of vector v is at v * step + i * stride.
double worst_product(const std::vector<double>& numbers, std::size_t count, std::size_t step,
                     std::size_t length, std::size_t stride) {
    double worst = 0;
    for (std::size_t a = 0; a < count; ++a)
        for (std::size_t b = 0; b <= a; ++b) {
            double dot = 0;
            for (std::size_t i = 0; i < length; ++i)
                dot += numbers[a * step + i * stride] * numbers[b * step + i * stride];
            worst = std::max(worst, std::abs(dot - (a == b ? 1 : 0)));
        }
    return worst;
}

template <int inputs, int outputs, class D>
std::vector<double> orthogonal_weights(D& device, double gain) {
    Network<Sequential<Dense<inputs, outputs, DenseOptions{.bias = false}>>, D> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "test");
    initialize(network, Role::weight, Orthogonal{gain}, stream);
    const auto weights = network.parameters().to_host();
    return {weights.begin(), weights.end()};
}

}  // namespace

TEMPLATE_TEST_CASE("Orthogonal has orthonormal rows, or columns where they are fewer", "[init]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const double tolerance = 1e-5;
    CHECK(worst_product(orthogonal_weights<50, 70>(device, 1), 50, 70, 70, 1) < tolerance);
    CHECK(worst_product(orthogonal_weights<70, 50>(device, 1), 50, 1, 70, 50) < tolerance);
    const auto square = orthogonal_weights<60, 60>(device, 1);
    CHECK(worst_product(square, 60, 60, 60, 1) < tolerance);
    CHECK(worst_product(square, 60, 1, 60, 60) < tolerance);

    auto gained = orthogonal_weights<50, 70>(device, 3);
    for (double& x : gained) x /= 3;
    CHECK(worst_product(gained, 50, 70, 70, 1) < tolerance);

    // Random, not the identity: values with mean 0 and magnitudes of about 1 / sqrt(60).
    double sum = 0, fourth = 0;
    for (const double x : square) {
        sum += x / 3600;
        fourth += x * x * x * x / 3600;
    }
    CHECK(std::abs(sum) < 5 / std::sqrt(60.0 * 3600));
    CHECK(std::abs(fourth * 3600 - 3) < 0.5);
}

TEST_CASE("Orthogonal of a parameter that is not a matrix is an error", "[init]") {
    EigenCpu device;
    Network<Sequential<Dense<3, 2>>, EigenCpu> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "test");
    CHECK_THROWS_WITH(initialize(network, Role::bias, Orthogonal{}, stream),
                      "[Orthogonal] the parameter must be a matrix; got 0.bias of (2)");
}
