// Pooling of 64 images of 32 x 32 pixels: bytes/s (each array read or written once; switches have 4 bytes)
// and percentage of the rate of a copy of as much data, in alternation, for the minimum and the median time.
// Arguments: threads, channels, size and stride of the window.
#include "bandwidth.hpp"
#include <gantry/cpu/pooling.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

using namespace gantry;

struct Case {
    Cpu device;
    contracts::PoolingGeometry geometry;
    bench::Array whole, pooled;
    std::vector<std::int32_t> switches;

    explicit Case(const benchmark::State& state)
        : device{{.threads = static_cast<int>(state.range(0))}},
          geometry(geometry_of(static_cast<std::size_t>(state.range(1)), static_cast<int>(state.range(2)),
                               static_cast<int>(state.range(3)))),
          whole(size(32)),
          pooled(size(geometry.pooled_height)),
          switches(pooled.size()) {
        for (std::size_t i = 0; i < whole.size(); ++i)
            whole.data()[i] = static_cast<float>((i * 2654435761u >> 8) % 1000);
        launch(device,
               contracts::MaxPoolParameters<float>{geometry, whole.data(), pooled.data(), switches.data()});
    }
    contracts::SwitchedImages switched() const {
        const auto pixels = static_cast<std::size_t>(geometry.pooled_height * geometry.pooled_width);
        return {geometry.images, 32 * 32, pixels, geometry.channels, switches.data()};
    }
    double whole_bytes() const { return 4.0 * static_cast<double>(whole.size()); }
    double pooled_bytes() const { return 4.0 * static_cast<double>(pooled.size()); }

private:
    static contracts::PoolingGeometry geometry_of(std::size_t channels, int window, int stride) {
        const int places = (32 - window) / stride + 1;
        return {64, channels, 32, 32, places, places, {.size = window, .stride = stride}};
    }
    std::size_t size(int extent) const {
        return 64 * static_cast<std::size_t>(extent * extent) * geometry.channels;
    }
};

template <class F>
void compare(benchmark::State& state, const Cpu& device, double bytes, const F& f) {
    bench::Copy copy(static_cast<std::size_t>(bytes));
    std::vector<double> times, copy_times;
    for (int i = 0; i < 2; ++i) f(), copy.run(device);
    for (auto _ : state) {
        f();  // leaves the caches as f does
        times.push_back(bench::seconds(f));
        copy.run(device);
        copy_times.push_back(bench::seconds([&] { copy.run(device); }));
        state.SetIterationTime(times.back());
    }
    const bench::Times own(times), limit(copy_times);
    state.counters["GB/s"] = bytes / own.least * 1e-9;
    state.counters["%copy"] = 100 * bytes / own.least / (copy.bytes() / limit.least);
    state.counters["%copy_med"] = 100 * bytes / own.median / (copy.bytes() / limit.median);
}

void max_pool(benchmark::State& state) {
    Case c(state);
    const contracts::MaxPoolParameters<float> p{c.geometry, c.whole.data(), c.pooled.data(),
                                                c.switches.data()};
    compare(state, c.device, c.whole_bytes() + 2 * c.pooled_bytes(), [&] { launch(c.device, p); });
}
void switch_scatter(benchmark::State& state) {
    Case c(state);
    const contracts::SwitchScatterParameters<float> p{c.switched(), c.pooled.data(), c.whole.data()};
    compare(state, c.device, c.whole_bytes() + 2 * c.pooled_bytes(), [&] { launch(c.device, p); });
}
/// Reads a few values from every cache line of the full-size images.
void switch_gather(benchmark::State& state) {
    Case c(state);
    const contracts::SwitchGatherParameters<float> p{c.switched(), c.whole.data(), c.pooled.data()};
    compare(state, c.device, c.whole_bytes() + 2 * c.pooled_bytes(), [&] { launch(c.device, p); });
}
void window_sum(benchmark::State& state) {
    Case c(state);
    const contracts::WindowSumParameters<float> p{c.geometry, c.whole.data(), c.pooled.data(), 0.25};
    compare(state, c.device, c.whole_bytes() + c.pooled_bytes(), [&] { launch(c.device, p); });
}
void window_spread(benchmark::State& state) {
    Case c(state);
    const contracts::WindowSpreadParameters<float> p{c.geometry, c.pooled.data(), c.whole.data(), 0.25};
    compare(state, c.device, c.whole_bytes() + c.pooled_bytes(), [&] { launch(c.device, p); });
}

void images(benchmark::internal::Benchmark* b) {
    b->ArgNames({"threads", "channels", "size", "stride"})->UseManualTime();
    for (const int threads : {1, 2})
        for (const int channels : {64, 32, 3})
            b->Args({threads, channels, 2, 2})->Args({threads, channels, 4, 2});
}
BENCHMARK(max_pool)->Apply(images);
BENCHMARK(switch_scatter)->Apply(images);
BENCHMARK(switch_gather)->Apply(images);
BENCHMARK(window_sum)->Apply(images);
BENCHMARK(window_spread)->Apply(images);

}  // namespace
