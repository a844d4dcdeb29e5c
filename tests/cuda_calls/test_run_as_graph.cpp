// The GPU work of a training step as one graph: Cuda::run_as_graph.
#include "cuda/training.hpp"
#include "cuda_emulator/counts.hpp"
#include "support/catch.hpp"
#include <gantry/cuda.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gantry::test {

TEST_CASE("a step run as a graph is one graph launch, without allocations, waits or copies", "[cuda]") {
    Training training;
    const auto step = [&] { training.device.run_as_graph([&] { training.step(8); }); };
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

TEST_CASE("host values are copied once per graph, and the host rarely waits", "[cuda]") {
    Cuda device;
    core::Buffer<float, Cuda> sums(device, 100);
    for (std::size_t i = 0; i < 3; ++i) sum_of_uploaded(device, sums, i);
    device.synchronize();
    cuda_emulator::reset_counts();
    for (std::size_t i = 3; i < 100; ++i) sum_of_uploaded(device, sums, i);
    const cuda_emulator::Counts counts = cuda_emulator::counts();
    CHECK(counts.graph_launches <= 98);   // one was split where the host waited
    CHECK(counts.synchronizations <= 3);  // of the split graph
    CHECK(counts.allocations == 0);
    device.synchronize();
    CHECK(cuda_emulator::counts().host_to_device.calls == 97);
}

}  // namespace gantry::test
