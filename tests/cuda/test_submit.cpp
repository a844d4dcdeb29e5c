// A training step as one graph: Cuda::submit.
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/options.hpp"
#include "support/catch.hpp"
#include <gantry/cuda.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gantry::test {
namespace {

using Discriminator =
    Sequential<Dense<9, 16>, LeakyReLU<0.2f>, Dropout<0.3f>, Dense<16, 8>, BatchNorm<8>, Dense<8, 1>>;

/// A network with its optimizer, and steps on noise.
struct Training {
    Cuda device;
    Network<Discriminator, Cuda> network{device, Seed{1}};
    Adam<Network<Discriminator, Cuda>> adam{network, {.learning_rate = 1e-2}};
    RandomStream noise{Seed{2}, "noise"};

    void step(int batch) {
        const Step step{device};
        const auto loss = bce_with_logits(network(normal<Shape<Batch, 9>>(device, batch, noise)), 1.0);
        const auto gradients = backward(loss, network);
        clip_gradient_norm(gradients, 0.1);
        adam.step(gradients);
    }
};

std::vector<float> trained(const std::vector<int>& batches, bool as_graphs) {
    Training training;
    for (const int batch : batches) {
        if (as_graphs)
            training.device.submit([&] { training.step(batch); });
        else
            training.step(batch);
    }
    return training.network.parameters().to_host();
}

}  // namespace

TEST_CASE("a step that is submitted does what it does by itself, with other numbers and sizes each time",
          "[cuda]") {
    const std::vector<int> batches{8, 8, 8, 5, 8, 8, 64, 8};
    CHECK(trained(batches, true) == trained(batches, false));
}

TEST_CASE("a submitted step is one launch of a graph, without allocation, waiting or copies", "[cuda]") {
    Training training;
    const auto step = [&] { training.device.submit([&] { training.step(8); }); };
    for (int i = 0; i < 3; ++i) step();
    training.device.synchronize();
    cuda_emulator::reset_counts();
    for (int i = 0; i < 4; ++i) step();
    const cuda_emulator::Counts& counts = cuda_emulator::counts();
    CHECK(counts.graph_launches == 4);
    CHECK(counts.allocations == 0);
    CHECK(counts.synchronizations == 0);
    CHECK(counts.host_to_device.calls == 0);
    CHECK(counts.device_to_host.calls == 0);
    training.device.synchronize();
}

TEST_CASE("reading and allocating inside of a submission start what came before", "[cuda]") {
    Cuda device;
    float read = 0;
    device.submit([&] {
        const Step step{device};
        const auto x = filled<Shape<1000>>(device, 0, 0.5);
        read = sum(x + 1.0).item();
    });
    CHECK(read == 1500);
}

TEST_CASE("numbers of the host travel with the graph, each step's own", "[cuda]") {
    Cuda device;
    Buffer<float, Cuda> sums(device, 100);
    const auto step = [&](std::size_t i) {
        device.submit([&] {
            const Step scope{device};
            // 16 KB: the memory that they wait in is used twice over
            std::vector<float> numbers(4096, 1);
            numbers[i] = static_cast<float>(i);
            const auto sum_of_step = sum(from_host<Shape<4096>>(device, 0, numbers));
            std::fill(numbers.begin(), numbers.end(), 1e9f);  // too late to matter
            launch(device, CopyBlockParameters<float>{1, 1, sum_of_step.data(), 1, sums.data() + i, 1});
        });
    };
    for (std::size_t i = 0; i < 3; ++i) step(i);
    device.synchronize();
    cuda_emulator::reset_counts();
    for (std::size_t i = 3; i < 100; ++i) step(i);
    const cuda_emulator::Counts counts = cuda_emulator::counts();
    CHECK(counts.graph_launches <= 98);   // one was cut in two where the host waited
    CHECK(counts.synchronizations <= 3);  // of it, and its graph of its own
    CHECK(counts.allocations == 0);
    const std::vector<float> result = sums.to_host();
    for (std::size_t i = 0; i < 100; ++i) CHECK(result[i] == 4095 + static_cast<float>(i));
    CHECK(cuda_emulator::counts().host_to_device.calls == 97);
}

TEST_CASE("a submission that ends by an error leaves the device in order", "[cuda]") {
    Training training;
    training.step(8);
    CHECK_THROWS_AS(training.device.submit([&] {
        training.step(8);
        fail("test", "stop");
    }),
                    Error);
    training.device.submit([&] { training.step(8); });
    training.device.synchronize();
}

}  // namespace gantry::test
