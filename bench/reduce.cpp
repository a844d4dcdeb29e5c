// Sums and largest elements of the rows of a matrix, on one thread: what sum_over<-1>, mean_over<-1> and
// max_over<-1> compute.
#include <gantry/cpu/maxout.hpp>
#include <gantry/cpu/reduce.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

struct Extents2 {
    std::size_t rows, columns;
};
constexpr Extents2 some_extents[] = {{100000, 3}, {50000, 8}, {20000, 24}, {4000, 100}, {1000, 1000}};

/// Times f(device, x, y), where y has an element for each row of x.
template <class F>
void rows(benchmark::State& state, const Extents2& extents, const F& f) {
    gantry::Cpu device{{.threads = 1}};
    std::vector<float> x(extents.rows * extents.columns), y(extents.rows);
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<float>(i * 2654435761u >> 8 & 2047) * 1e-3f - 1;
    for (auto _ : state) f(device, x.data(), y.data());
}

const bool registered = [] {
    for (const Extents2& e : some_extents) {
        const std::string name = "/" + std::to_string(e.rows) + "x" + std::to_string(e.columns);
        benchmark::RegisterBenchmark(("sum" + name).c_str(), [e](benchmark::State& state) {
            rows(state, e, [&](gantry::Cpu& device, const float* x, float* y) {
                launch(device, gantry::contracts::SumParameters<float>{
                                   e.rows, e.columns, gantry::contracts::Axis::columns, x, y});
            });
        })->Unit(benchmark::kMicrosecond);
        benchmark::RegisterBenchmark(("max" + name).c_str(), [e](benchmark::State& state) {
            rows(state, e, [&](gantry::Cpu& device, const float* x, float* y) {
                launch(device,
                       gantry::contracts::MaxoutSelectParameters<float>{e.rows, e.columns, 1, x, x, y});
            });
        })->Unit(benchmark::kMicrosecond);
    }
    return true;
}();

}  // namespace
