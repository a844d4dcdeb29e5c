// A data set that is streamed to the GPU during training: DataPlacement::streamed.
#include "cuda_calls/failures.hpp"
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/faults.hpp"
#include "cuda_emulator/options.hpp"
#include "gan/networks.hpp"
#include "support/catch.hpp"
#include <gantry/cuda.hpp>
#include <gantry/data/device_batches.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gantry::test::streamed_batches {
namespace {

using cuda_emulator::Call;
using Item = Shape<Batch, 6>;
using Data = DeviceBatches<Item, float, Cuda>;
constexpr std::size_t batch = 8, count = 50;

const std::vector<std::uint8_t>& pixels() {
    static const auto all = [] {
        std::vector<std::uint8_t> bytes(count * Item::sample_size);
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37);
        return bytes;
    }();
    return all;
}

BatchOptions options(DataPlacement placement) {
    return {.batch = batch, .seed = Seed{3}, .placement = placement};
}

/// A device and its data, with space for batches that are kept on the GPU.
struct Reading {
    static constexpr std::size_t batch_size = batch * Item::sample_size;

    explicit Reading(DataPlacement placement, std::size_t kept = 100)
        : data(device, pixels(), options(placement)), numbers(device, kept * batch_size) {}

    /// Takes a batch and keeps it on the GPU.
    void take() {
        const Step step{device};
        const auto taken = data.next();
        launch(device,
               contracts::CopyBlockParameters<float>{1, batch_size, taken.pixels.data(), batch_size,
                                                     numbers.data() + taken_++ * batch_size, batch_size});
    }
    /// Takes `k` batches in one graph.
    void run_as_graph(int k) {
        device.run_as_graph([&] {
            for (int i = 0; i < k; ++i) take();
        });
    }
    std::vector<float> all() const { return numbers.to_host(); }

    Cuda device{CudaOptions{.workspace = 1024}};
    Data data;
    core::Buffer<float, Cuda> numbers;

private:
    std::size_t taken_ = 0;
};

/// The first batches of the data set.
std::vector<float> expected(std::size_t batches = 100) {
    Reading reading(DataPlacement::resident, batches);
    for (std::size_t i = 0; i < batches; ++i) reading.take();
    return reading.all();
}

std::string error_of(const auto& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("cuda: streamed and resident batches are bitwise equal over many epochs", "[threads]") {
    const auto all = expected();
    SECTION("call by call") {
        Reading reading(DataPlacement::streamed);
        CHECK(reading.data.streamed());
        for (int i = 0; i < 100; ++i) reading.take();
        CHECK(reading.all() == all);
        CHECK(reading.data.position() == 100);
    }
    SECTION("as graphs, with any number of batches in each") {
        for (const int k : {1, 2, 5, 20}) {
            CAPTURE(k);
            Reading reading(DataPlacement::streamed);
            for (int i = 0; i < 100 / k; ++i) reading.run_as_graph(k);
            CHECK(reading.all() == all);
            CHECK(reading.data.position() == 100);
        }
    }
    SECTION("as graphs of different sizes, and between them") {
        Reading reading(DataPlacement::streamed);
        for (const int k : {1, 3, 0, 2, 9, 1, 1, 4, 17, 2}) {
            reading.run_as_graph(k);
            for (int i = 0; i < 6; ++i) reading.take();
        }
        CHECK(reading.data.position() == 100);
        CHECK(reading.all() == all);
    }
    SECTION("the host is far ahead of the GPU, or waits for it") {
        Reading reading(DataPlacement::streamed);
        for (int i = 0; i < 50; ++i) {
            reading.run_as_graph(2);
            if (i % 7 == 0) reading.device.synchronize();
        }
        CHECK(reading.all() == all);
    }
}

TEST_CASE("cuda: a step with streamed data in the steady state is one graph and its copies, without waits",
          "[threads]") {
    constexpr std::size_t steps = 12;
    for (const int k : {1, 2, 3}) {
        CAPTURE(k);
        Cuda device;
        SmallGan gan{device, {.batch = int(batch), .discriminator_steps = k}};
        Data data(device, pixels(), options(DataPlacement::streamed));
        for (int i = 0; i < 3; ++i) gan.trainer.step(data);
        device.synchronize();
        cuda_emulator::reset_counts();
        for (std::size_t i = 0; i < steps; ++i) gan.trainer.step(data);
        const cuda_emulator::Counts counts = cuda_emulator::counts();
        CHECK(counts.graph_launches == steps);
        CHECK(counts.kernels_started == 0);
        CHECK(counts.allocations == 0);
        CHECK(counts.host_allocations == 0);
        CHECK(counts.synchronizations == 0);
        CHECK(counts.device_to_host.calls == 0);
        device.synchronize();
        // Each batch is copied once, and at most a full ring is copied ahead.
        const auto [calls, bytes] = cuda_emulator::counts().host_to_device;
        CHECK(bytes == calls * batch * Item::sample_size);
        CHECK(calls + 8 >= steps * std::size_t(k));
        CHECK(calls <= steps * std::size_t(k) + 8);
    }
}

TEST_CASE("cuda: a seek in streamed data continues from there, whatever copies are in flight", "[threads]") {
    const auto all = expected(50);
    Reading reading(DataPlacement::streamed, 200);
    std::vector<float> wanted;
    const auto want = [&](std::uint64_t position, std::uint64_t batches) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(position * Reading::batch_size);
        wanted.insert(wanted.end(), begin,
                      begin + static_cast<std::ptrdiff_t>(batches * Reading::batch_size));
    };
    for (std::uint64_t i = 0; i < 40; ++i) {
        const std::uint64_t position = i * 17 % 47;
        reading.data.seek(49 - i);
        reading.data.seek(position);
        CHECK(reading.data.position() == position);
        if (i % 2 == 0)
            reading.take();
        else
            reading.run_as_graph(1);
        want(position, 1);
        if (i % 3 == 0) {
            reading.run_as_graph(2);
            want(position + 1, 2);
        }
    }
    reading.data.seek(6);
    for (int i = 0; i < 5; ++i) {
        reading.device.run_as_graph([&] {  // inside a graph, back to a batch that it already holds
            reading.take();
            reading.data.seek(5);
            reading.take();
            reading.data.seek(5);
            reading.take();
        });
        want(6, 1);
        want(5, 1);
        want(5, 1);
    }
    auto numbers = reading.all();
    numbers.resize(wanted.size());
    CHECK(numbers == wanted);
}

TEST_CASE("cuda: data is resident if it takes at most a share of the free memory, unless forced",
          "[threads]") {
    const std::size_t bytes = pixels().size();
    Cuda device{CudaOptions{.workspace = 1024}};
    const auto is_streamed = [&](std::size_t free, const BatchOptions& o) {
        cuda_emulator::set_memory(cuda_emulator::counts().live_bytes + free);
        const bool streamed = Data(device, pixels(), o).streamed();
        cuda_emulator::set_memory(std::size_t{4} << 30);
        return streamed;
    };
    const BatchOptions automatic = options(DataPlacement::automatic);
    CHECK(automatic.placement == BatchOptions{}.placement);
    CHECK_FALSE(is_streamed(2 * bytes, automatic));
    BatchOptions share = automatic;
    share.resident_share = 0.01;
    CHECK(is_streamed(20 * bytes, share));
    share.resident_share = 1;
    CHECK_FALSE(is_streamed(bytes, share));
    CHECK_FALSE(is_streamed(bytes, options(DataPlacement::resident)));
    CHECK(is_streamed(100 * bytes, options(DataPlacement::streamed)));

    // A large data set on a small GPU.
    const std::vector<std::uint8_t> large(200'000 * Item::sample_size, 255);
    cuda_emulator::set_memory(cuda_emulator::counts().live_bytes + large.size() / 2);
    {
        Data data(device, large, automatic);
        CHECK(data.streamed());
        const Step step{device};
        CHECK(data.next().pixels.to_host() == std::vector<float>(Reading::batch_size, 1));
        const std::string message = error_of([&] { Data(device, large, options(DataPlacement::resident)); });
        CHECK(is_clear(message));
        CHECK(message.find("the GPU's memory is full") != std::string::npos);
    }
    cuda_emulator::set_memory(std::size_t{4} << 30);
}

TEST_CASE("cuda: streamed data can be destroyed at any moment", "[threads]") {
    const auto before = held();
    for (int round = 0; round < 60; ++round) {
        Cuda device{CudaOptions{.workspace = 1024}};
        Data data(device, pixels(), options(DataPlacement::streamed));
        const auto take = [&] {
            const Step step{device};
            data.next();
        };
        for (int i = 0; i < round % 5; ++i) take();
        if (round % 2 == 0) device.run_as_graph([&] { take(); });
        if (round % 3 == 0) data.seek(7);
    }
    CHECK(held() == before);
    // Inside a submission: the captured work still runs, with the memory that it reads.
    const auto all = expected(3);
    Cuda device{CudaOptions{.workspace = 1024}};
    core::Buffer<float, Cuda> numbers(device, all.size());
    device.run_as_graph([&] {
        Data data(device, pixels(), options(DataPlacement::streamed));
        for (std::size_t i = 0; i < 3; ++i) {
            const Step step{device};
            const auto x = data.next().pixels;
            launch(device, contracts::CopyBlockParameters<float>{1, x.size(), x.data(), x.size(),
                                                                 numbers.data() + i * x.size(), x.size()});
        }
    });
    CHECK(numbers.to_host() == all);
}

TEST_CASE("cuda: streamed data stays consistent after a failed submission", "[threads]") {
    const auto all = expected(30);
    Reading reading(DataPlacement::streamed, 30);
    for (int i = 0; i < 10; ++i) {
        CHECK_THROWS_AS(reading.device.run_as_graph([&] {
            const Step step{reading.device};
            reading.data.next();
            fail("test", "stop");
        }),
                        Error);
        reading.data.seek(static_cast<std::uint64_t>(3 * i));
        reading.run_as_graph(3);
    }
    CHECK(reading.all() == all);
}

TEST_CASE(
    "cuda: any call for streamed data may fail: no leak, no hang, a one-line error, and then the same data",
    "[threads]") {
    const auto before = held();
    const auto all = expected(12);
    std::size_t errors = 0;
    for (const Call kind : {Call::allocation, Call::copy, Call::launch, Call::other}) {
        for (std::size_t n = 1;; ++n) {
            CAPTURE(static_cast<int>(kind), n);
            bool failed = false;
            {
                Cuda device{CudaOptions{.workspace = 1024}};
                std::vector<float> numbers;
                const auto work = [&] {
                    numbers.clear();
                    core::Buffer<float, Cuda> kept(device, all.size());
                    Data data(device, pixels(), options(DataPlacement::streamed));
                    std::size_t i = 0;
                    const auto take = [&] {
                        const Step step{device};
                        const auto x = data.next().pixels;
                        launch(device,
                               contracts::CopyBlockParameters<float>{1, x.size(), x.data(), x.size(),
                                                                     kept.data() + i++ * x.size(), x.size()});
                    };
                    const auto run_as_graph = [&] {
                        device.run_as_graph([&] {
                            for (int k = 0; k < 3; ++k) take();
                        });
                    };
                    for (int s = 0; s < 4; ++s) {
                        const std::string message = error_of(run_as_graph);
                        if (message.empty()) continue;
                        CHECK(is_clear(message));
                        ++errors;
                        // The next attempt starts over.
                        i = 3 * static_cast<std::size_t>(s);
                        data.seek(i);
                        const std::string second = error_of(run_as_graph);
                        CAPTURE(message, second);
                        // (If the end of the submission could not be recorded, the next batch reports it.)
                        if (!second.empty()) {
                            CHECK(is_clear(second));
                            i = 3 * static_cast<std::size_t>(s);
                            data.seek(i);
                            run_as_graph();
                        }
                    }
                    numbers = kept.to_host();
                };
                cuda_emulator::inject_fault(kind, n);
                const std::string message = error_of(work);
                failed = cuda_emulator::fault_happened();
                cuda_emulator::clear_fault();
                CAPTURE(message);
                if (!message.empty()) {
                    CHECK(is_clear(message));
                    ++errors;
                    work();
                }
                CHECK(numbers == all);
            }
            REQUIRE(held() == before);
            if (!failed) {
                CHECK(n > 1);
                break;
            }
        }
    }
    CHECK(errors > 30);
}

TEST_CASE("cuda: too little page-locked memory for streamed data is a clear error", "[threads]") {
    Cuda device{CudaOptions{.workspace = 1024}};
    const auto before = held();
    cuda_emulator::inject_fault(Call::allocation, 2);  // after the GPU's allocation
    const std::string message = error_of([&] { Data(device, pixels(), options(DataPlacement::streamed)); });
    CHECK(cuda_emulator::fault_happened());
    cuda_emulator::clear_fault();
    CHECK(is_clear(message));
    CHECK(message.find("page-locked") != std::string::npos);
    CHECK(held() == before);
}

TEST_CASE("cuda: after a kernel failure, streamed data reports a one-line error and can be destroyed",
          "[threads]") {
    const auto before = held();
    {
        Reading reading(DataPlacement::streamed);
        reading.run_as_graph(2);
        float of_the_host = 0;
        launch(reading.device, contracts::FillParameters<float>{1, &of_the_host, 1});
        const std::string message = error_of([&] {
            for (int i = 0; i < 20; ++i) reading.run_as_graph(2);
        });
        CHECK(is_clear(message));
        CHECK(message.find("(cudaErrorIllegalAddress)") != std::string::npos);
    }
    CHECK(held() == before);
    cuda_emulator::reset();
}

}  // namespace gantry::test::streamed_batches
