// An iteration of the GAN trainer on a GPU.
#include "cuda/byte_images.hpp"
#include "gan/networks.hpp"
#include "support/catch.hpp"
#include <gantry/data/device_batches.hpp>

#include <cmath>

using namespace gantry;
using namespace gantry::gan;
using namespace gantry::test;

TEST_CASE("cuda: an iteration run as a graph matches the CPU", "") {
    const auto train = []<class D>(D& device) {
        SmallGan gan{device, {.batch = 8, .discriminator_steps = 2}};
        const auto pixels = byte_images();
        DeviceBatches<Shape<Batch, 6>, float, D> data(device, pixels, {.batch = 8});
        for (int i = 0; i < 8; ++i) gan.trainer.step(data);
        return gan.trainer.take_losses();
    };
    Cpu cpu;
    Cuda gpu;
    const auto expected = train(cpu), losses = train(gpu);
    REQUIRE(losses.size() == expected.size());
    for (std::size_t i = 0; i < losses.size(); ++i) {
        CHECK(std::abs(losses[i].discriminator - expected[i].discriminator) < 1e-4);
        CHECK(std::abs(losses[i].generator - expected[i].generator) < 1e-4);
        CHECK(std::abs(losses[i].real_score - expected[i].real_score) < 1e-4);
        CHECK(std::abs(losses[i].fake_score - expected[i].fake_score) < 1e-4);
    }
}
