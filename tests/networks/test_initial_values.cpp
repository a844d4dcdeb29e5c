// The initial values of networks of examples/networks, as their authors' code has them.
#include "networks/r3gan.hpp"
#include "networks/sngan.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

/// Whether the numbers of a parameter have mean 0 and this deviation, within 5 standard errors, and with the
/// fourth moment of a normal or a uniform distribution: 3 or 1.8 times the square of the second.
template <class Net>
void check_values(Net& network, const std::string& name, double deviation, double kurtosis) {
    CAPTURE(name);
    const auto numbers = network.parameter(name).to_host();
    const auto n = static_cast<double>(numbers.size());
    double sum = 0, squares = 0, fourth = 0;
    for (const float number : numbers) {
        const double x = number / deviation;
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    CHECK(std::abs(sum / n) < 5 / std::sqrt(n));
    CHECK(std::abs(squares / n - 1) < 5 * std::sqrt(2 / n));
    CHECK(std::abs(fourth / n - kurtosis) < 5 * std::sqrt(96 / n));
}

}  // namespace

TEST_CASE("the initial values of R3GAN are its authors'", "[networks]") {
    using namespace networks;
    Cpu device;
    Network<r3gan::Generator<32, 2, 4, 16, 24, 4>, Cpu> generator{device, Seed{1}};
    Network<r3gan::Discriminator<32, 2, 4, 24, 4>, Cpu> discriminator{device, Seed{2}};
    constexpr double normal = 3;
    // 8 residual blocks with 3 linear layers each: 8^(-1 / (2 * 3 - 2)).
    const double gain = std::sqrt(2 / 1.04) * std::pow(8, -0.25);
    const auto check_block = [&](auto& network, const std::string& block) {
        check_values(network, block + ".LinearLayer1.Layer.weight", gain / std::sqrt(32), normal);
        check_values(network, block + ".LinearLayer2.Layer.weight", gain / std::sqrt(16 * 9), normal);
        for (const char* zeros :
             {".LinearLayer3.Layer.weight", ".NonLinearity1.Bias", ".NonLinearity2.Bias"}) {
            const auto numbers = network.parameter(block + zeros).to_host();
            CHECK(numbers == std::vector<float>(numbers.size()));
        }
    };
    check_block(generator, "MainLayers.0.Layers.1");
    check_block(generator, "MainLayers.3.Layers.2");
    check_values(generator, "MainLayers.0.Layers.0.Basis", 1, normal);
    check_values(generator, "MainLayers.0.Layers.0.LinearLayer.weight", 1 / std::sqrt(16 + 24), normal);
    check_values(generator, "AggregationLayer.Layer.weight", 1 / std::sqrt(32), normal);
    check_values(generator, "EmbeddingLayer.weight", 1 / std::sqrt(4), normal);

    check_block(discriminator, "MainLayers.0.Layers.0");
    check_block(discriminator, "MainLayers.3.Layers.1");
    check_values(discriminator, "ExtractionLayer.Layer.weight", 1 / std::sqrt(3), normal);
    check_values(discriminator, "MainLayers.3.Layers.2.Basis.weight", 1 / std::sqrt(16), normal);
    check_values(discriminator, "MainLayers.3.Layers.2.LinearLayer.weight", 1 / std::sqrt(32), normal);
    check_values(discriminator, "EmbeddingLayer.weight", 1 / std::sqrt(4) / std::sqrt(24), normal);
}

TEST_CASE("the initial weights of SNGAN are those of Glorot, larger in residual blocks", "[networks]") {
    using namespace networks;
    Cpu device;
    Network<sngan::Generator<16, 12>, Cpu> generator{device, Seed{1}};
    Network<sngan::Discriminator<12>, Cpu> discriminator{device, Seed{2}};
    constexpr double uniform = 1.8;
    const auto deviation = [](int in, int out, double gain) { return gain * std::sqrt(2.0 / (in + out)); };
    const double of_block = deviation(12 * 9, 12 * 9, std::sqrt(2.0)), shortcut = deviation(12, 12, 1);
    check_values(generator, "l1.weight", deviation(16, 16 * 12, 1), uniform);
    check_values(generator, "block3.c1.weight", of_block, uniform);
    check_values(generator, "block3.c2.weight", of_block, uniform);
    check_values(generator, "block3.c_sc.weight", shortcut, uniform);
    check_values(generator, "c5.weight", deviation(12 * 9, 3 * 9, 1), uniform);
    check_values(discriminator, "block1.c1.weight_orig", deviation(3 * 9, 12 * 9, std::sqrt(2.0)), uniform);
    check_values(discriminator, "block1.c2.weight_orig", of_block, uniform);
    check_values(discriminator, "block1.c_sc.weight_orig", deviation(3, 12, 1), uniform);
    check_values(discriminator, "block2.c1.weight_orig", of_block, uniform);
    check_values(discriminator, "block2.c2.weight_orig", of_block, uniform);
    check_values(discriminator, "block2.c_sc.weight_orig", shortcut, uniform);
    check_values(discriminator, "block4.c1.weight_orig", of_block, uniform);
    check_values(discriminator, "block4.c2.weight_orig", of_block, uniform);
    check_values(discriminator, "l5.weight_orig", deviation(12, 1, 1), uniform);
}

}  // namespace gantry::test
