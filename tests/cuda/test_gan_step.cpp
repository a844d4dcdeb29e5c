// An iteration of the GAN trainer on a GPU: one graph, and nothing else.
#include "cuda_emulator/counts.hpp"
#include "gan/networks.hpp"
#include "support/catch.hpp"
#include <gantry/data/device_batches.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace gantry;
using namespace gantry::gan;
using namespace gantry::test;

namespace {

std::vector<std::uint8_t> bytes() {
    std::vector<std::uint8_t> pixels(50 * 6);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 37);
    return pixels;
}

}  // namespace

TEST_CASE("cuda: a steady iteration is one launch of a graph", "") {
    for (const Updates updates : {Updates::alternating, Updates::simultaneous}) {
        Cuda device;
        SmallGan gan{device, {.batch = 8, .discriminator_steps = 2, .updates = updates, .kept_losses = 4}};
        const auto pixels = bytes();
        DeviceBatches<Shape<Batch, 6>, float, Cuda> data(device, pixels, {.batch = 8});
        for (int i = 0; i < 3; ++i) gan.trainer.step(data);
        device.synchronize();
        cuda_emulator::reset_counts();
        for (int i = 0; i < 10; ++i) gan.trainer.step(data);  // also over the end of an epoch
        const cuda_emulator::Counts counts = cuda_emulator::counts();
        CHECK(counts.graph_launches == 10);
        CHECK(counts.kernels_started == 0);
        CHECK(counts.allocations == 0);
        CHECK(counts.synchronizations == 0);
        CHECK(counts.host_to_device.calls == 0);
        CHECK(counts.device_to_host.calls == 0);

        CHECK(gan.trainer.take_losses().size() == 4);
        CHECK(cuda_emulator::counts().device_to_host.calls == 1);
    }
}

TEST_CASE("cuda: an iteration as a graph is the one of the CPU", "") {
    const auto train = []<class D>(D& device) {
        SmallGan gan{device, {.batch = 8, .discriminator_steps = 2}};
        const auto pixels = bytes();
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
        CHECK(std::abs(losses[i].real_rating - expected[i].real_rating) < 1e-4);
        CHECK(std::abs(losses[i].fake_rating - expected[i].fake_rating) < 1e-4);
    }
}
