// An iteration of the GAN trainer on a GPU: one graph, and nothing else.
#include "cuda/byte_images.hpp"
#include "cuda_emulator/counts.hpp"
#include "gan/networks.hpp"
#include "support/catch.hpp"
#include <gantry/data/device_batches.hpp>

using namespace gantry;
using namespace gantry::gan;
using namespace gantry::test;

TEST_CASE("cuda: an iteration in the steady state is one graph launch", "") {
    for (const Updates updates : {Updates::alternating, Updates::simultaneous}) {
        Cuda device;
        SmallGan gan{device, {.batch = 8, .discriminator_steps = 2, .updates = updates, .kept_losses = 4}};
        const auto pixels = byte_images();
        DeviceBatches<Shape<Batch, 6>, float, Cuda> data(device, pixels, {.batch = 8});
        for (int i = 0; i < 3; ++i) gan.trainer.step(data);
        device.synchronize();
        cuda_emulator::reset_counts();
        for (int i = 0; i < 10; ++i) gan.trainer.step(data);  // crosses the end of an epoch
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
