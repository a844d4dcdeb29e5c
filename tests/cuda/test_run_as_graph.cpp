// A training step as one CUDA graph: Cuda::run_as_graph.
#include "cuda/training.hpp"
#include "support/catch.hpp"
#include <gantry/cuda.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gantry::test {
namespace {

std::vector<float> trained(const std::vector<int>& batches, bool as_graphs) {
    Training training;
    for (const int batch : batches) {
        if (as_graphs)
            training.device.run_as_graph([&] { training.step(batch); });
        else
            training.step(batch);
    }
    return training.network.parameters().to_host();
}

}  // namespace

TEST_CASE("a step run as a graph gives the same results as without, with new values and sizes each time",
          "[cuda]") {
    const std::vector<int> batches{8, 8, 8, 5, 8, 8, 64, 8};
    CHECK(trained(batches, true) == trained(batches, false));
}

TEST_CASE("reading and allocating inside a submission launch the work before them", "[cuda]") {
    Cuda device;
    float read = 0;
    device.run_as_graph([&] {
        const Step step{device};
        const auto x = filled<Shape<1000>>(device, 0, 0.5);
        read = sum(x + 1.0).item();
    });
    CHECK(read == 1500);
}

TEST_CASE("host values travel with the graph of their step", "[cuda]") {
    Cuda device;
    core::Buffer<float, Cuda> sums(device, 100);
    for (std::size_t i = 0; i < 100; ++i) sum_of_uploaded(device, sums, i);
    const std::vector<float> result = sums.to_host();
    for (std::size_t i = 0; i < 100; ++i) CHECK(result[i] == 4095 + static_cast<float>(i));
}

TEST_CASE("a failed submission leaves the device usable", "[cuda]") {
    Training training;
    training.step(8);
    CHECK_THROWS_AS(training.device.run_as_graph([&] {
        training.step(8);
        fail("test", "stop");
    }),
                    Error);
    training.device.run_as_graph([&] { training.step(8); });
    training.device.synchronize();
}

}  // namespace gantry::test
