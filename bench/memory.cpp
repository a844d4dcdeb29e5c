// Memory-bound kernels, each compared with a copy of as much data, in alternation: bytes/s (read and written,
// each array counted once per pass) and percentage of the copy's rate, for the minimum and the median time.
// The argument is the number of threads.
#include "bandwidth.hpp"
#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <cstddef>
#include <deque>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

using namespace gantry;

/// Times f, which moves `bytes` for `elements`, in alternation with a copy.
template <class F>
void compare(benchmark::State& state, const Cpu& device, double elements, double bytes, const F& f) {
    bench::Copy copy(static_cast<std::size_t>(bytes));
    std::vector<double> times, copy_times;
    for (int i = 0; i < 2; ++i) f(), copy.run(device);
    for (auto _ : state) {
        f();  // leaves the caches as f does, not as the copy does
        times.push_back(bench::seconds(f));
        copy.run(device);
        copy_times.push_back(bench::seconds([&] { copy.run(device); }));
        state.SetIterationTime(times.back());
    }
    const bench::Times own(times), limit(copy_times);
    state.counters["GB/s"] = bytes / own.least * 1e-9;
    state.counters["GB/s_med"] = bytes / own.median * 1e-9;
    state.counters["%copy"] = 100 * bytes / own.least / (copy.bytes() / limit.least);
    state.counters["%copy_med"] = 100 * bytes / own.median / (copy.bytes() / limit.median);
    state.counters["ns/element"] = own.least / elements * 1e9;
    state.counters["ns_med"] = own.median / elements * 1e9;
}

/// Arrays of the same size, filled with values from -1 to 1.
class Arrays {
public:
    Arrays(Cpu& device, std::size_t count, std::size_t size) {
        for (std::size_t k = 0; k < count; ++k) {
            arrays_.emplace_back(size);
            launch(device, contracts::UniformParameters<float>{size, (*this)[k], -1, 1,
                                                               RandomStream(Seed{k}, "arrays")});
        }
    }
    float* operator[](std::size_t k) { return arrays_[k].data(); }

private:
    std::deque<bench::Array> arrays_;
};

Cpu device_of(const benchmark::State& state) { return Cpu{{.threads = static_cast<int>(state.range(0))}}; }

struct LeakyReLU {
    template <class V>
    V operator()(V x) const {
        return math::select(x > math::constant<V>(0), x, x * math::constant<V>(0.2));
    }
};
struct LeakyReLUGradient {
    template <class V>
    V operator()(V upstream, V y) const {
        return math::select(y > math::constant<V>(0), upstream, upstream * math::constant<V>(0.2));
    }
};
struct Tanh {
    template <class V>
    V operator()(V x) const {
        return math::tanh(x);
    }
};
struct TanhGradient {
    template <class V>
    V operator()(V upstream, V y) const {
        return upstream * (math::constant<V>(1) - y * y);
    }
};
struct Sigmoid {
    template <class V>
    V operator()(V x) const {
        return math::sigmoid(x);
    }
};
constexpr std::size_t elements = 1 << 21;

template <class F, std::size_t inputs>
void elementwise(benchmark::State& state) {
    Cpu device = device_of(state);
    Arrays x(device, inputs + 1, elements);
    contracts::ElementwiseParameters<F, float, inputs> p{F{}, elements, x[inputs], {}, {}};
    for (std::size_t k = 0; k < inputs; ++k) p.in[k] = x[k];
    compare(state, device, elements, 4.0 * (inputs + 1) * elements, [&] { launch(device, p); });
}
template <class F, std::size_t inputs>
void map_sum(benchmark::State& state) {
    Cpu device = device_of(state);
    Arrays x(device, inputs, elements);
    float sum;
    contracts::TransformReduceParameters<F, float, inputs> p{F{}, elements, &sum, {}, {}, 1};
    for (std::size_t k = 0; k < inputs; ++k) p.in[k] = x[k];
    compare(state, device, elements, 4.0 * inputs * elements, [&] { launch(device, p); });
}
template <class F>
void loss(benchmark::State& state) {
    Cpu device = device_of(state);
    Arrays x(device, 3, elements);
    float sum;
    const contracts::LossParameters<F, float, 2> p{F{}, elements, &sum, x[2], {x[0], x[1]}, {}, 1};
    compare(state, device, elements, 12.0 * elements, [&] { launch(device, p); });
}
void normals(benchmark::State& state) {
    Cpu device = device_of(state);
    Arrays x(device, 1, elements);
    const contracts::NormalParameters<float> p{elements, x[0], 0, 1, RandomStream(Seed{1}, "normals")};
    compare(state, device, elements, 4.0 * elements, [&] { launch(device, p); });
}
void dropout(benchmark::State& state) {
    Cpu device = device_of(state);
    Arrays x(device, 2, elements);
    const contracts::DropoutParameters<float> p{elements, x[0], x[1], 0.5, RandomStream(Seed{1}, "dropout")};
    compare(state, device, elements, 8.0 * elements, [&] { launch(device, p); });
}

void sum_rows(benchmark::State& state) {
    Cpu device = device_of(state);
    const auto rows = static_cast<std::size_t>(state.range(1)),
               columns = static_cast<std::size_t>(state.range(2));
    Arrays x(device, 1, rows * columns), y(device, 1, columns);
    const contracts::SumParameters<float> p{rows, columns, contracts::Axis::rows, x[0], y[0]};
    const double n = static_cast<double>(rows * columns);
    compare(state, device, n, 4 * n, [&] { launch(device, p); });
}
void batch_norm(benchmark::State& state) {
    Cpu device = device_of(state);
    const auto rows = static_cast<std::size_t>(state.range(1)),
               columns = static_cast<std::size_t>(state.range(2));
    Arrays x(device, 2, rows * columns), c(device, 6, columns);
    const contracts::BatchNormParameters<float> p{rows,
                                                  columns,
                                                  x[0],
                                                  c[0],
                                                  c[1],
                                                  x[1],
                                                  c[2],
                                                  c[3],
                                                  c[4],
                                                  c[5],
                                                  1e-5,
                                                  0.1,
                                                  {contracts::ActivationKind::leaky_relu, 0.2}};
    const double n = static_cast<double>(rows * columns);
    compare(state, device, n, 12 * n, [&] { launch(device, p); });
}
void batch_norm_gradient(benchmark::State& state) {
    Cpu device = device_of(state);
    const auto rows = static_cast<std::size_t>(state.range(1)),
               columns = static_cast<std::size_t>(state.range(2));
    Arrays x(device, 3, rows * columns), c(device, 6, columns);
    const contracts::BatchNormGradientParameters<float> p{rows,
                                                          columns,
                                                          x[0],
                                                          x[1],
                                                          c[0],
                                                          c[1],
                                                          c[2],
                                                          c[3],
                                                          x[2],
                                                          c[4],
                                                          c[5],
                                                          false,
                                                          {contracts::ActivationKind::leaky_relu, 0.2}};
    const double n = static_cast<double>(rows * columns);
    compare(state, device, n, 20 * n, [&] { launch(device, p); });
}

constexpr std::size_t weights = 10'000'000;

/// make(arrays) returns the parameters. Arrays 0 (weights), 2, 3, 4 (moments) are read and written; 1 is
/// read.
template <class Make>
void optimizer(benchmark::State& state, std::size_t arrays, const Make& make) {
    Cpu device = device_of(state);
    Arrays x(device, arrays, weights);
    for (std::size_t k = 2; k < arrays; ++k)
        launch(device,
               contracts::UniformParameters<float>{weights, x[k], 0.1, 1, RandomStream(Seed{k}, "moments")});
    const auto p = make(x);
    compare(state, device, weights, 4.0 * static_cast<double>(2 * arrays - 1) * weights,
            [&] { launch(device, p); });
}
template <class F, class... Moments>
contracts::UpdateParameters<F> update_of(const F& f, Arrays& x, Moments*... moments) {
    return {f, weights, x[0], x[1], {moments...}};
}
void sgd(benchmark::State& state) {
    optimizer(state, 2, [](Arrays& x) { return update_of(optim::SgdUpdate<float>({}, 1e-6, 0, false), x); });
}
void sgd_momentum(benchmark::State& state) {
    optimizer(state, 3, [](Arrays& x) {
        return update_of(optim::SgdUpdate<float>({.momentum = 0.9}, 1e-6, 0.9, false), x, x[2]);
    });
}
const AdamOptions adam_options{.learning_rate = 2e-4, .beta1 = 0.5};
void adam(benchmark::State& state) {
    optimizer(state, 4, [](Arrays& x) {
        return update_of(optim::AdamUpdate<float>(adam_options, 100), x, x[2], x[3]);
    });
}
void optimistic_adam(benchmark::State& state) {
    optimizer(state, 5, [](Arrays& x) {
        return update_of(optim::OptimisticAdamUpdate<float>(adam_options, 100), x, x[2], x[3], x[4]);
    });
}
void rmsprop(benchmark::State& state) {
    optimizer(state, 3, [](Arrays& x) {
        return update_of(optim::RmsPropUpdate<float>({.learning_rate = 1e-4}), x, x[2]);
    });
}
void lion(benchmark::State& state) {
    optimizer(state, 3, [](Arrays& x) { return update_of(optim::LionUpdate<float>({}), x, x[2]); });
}

void threads(benchmark::internal::Benchmark* b) { b->ArgName("threads")->Arg(1)->Arg(2)->UseManualTime(); }
void matrices(benchmark::internal::Benchmark* b) {
    b->ArgNames({"threads", "rows", "columns"})->UseManualTime();
    for (const int t : {1, 2}) b->Args({t, 16384, 128})->Args({t, 128, 1200})->Args({t, 102400, 3});
}

BENCHMARK(elementwise<LeakyReLU, 1>)->Apply(threads);
BENCHMARK(elementwise<LeakyReLUGradient, 2>)->Apply(threads);
BENCHMARK(elementwise<Tanh, 1>)->Apply(threads);
BENCHMARK(elementwise<TanhGradient, 2>)->Apply(threads);
BENCHMARK(elementwise<Sigmoid, 1>)->Apply(threads);
BENCHMARK(map_sum<ops::BceWithLogits, 2>)->Apply(threads);
BENCHMARK(loss<ops::BceWithLogits>)->Apply(threads);
BENCHMARK(loss<ops::SquaredError>)->Apply(threads);
BENCHMARK(normals)->Apply(threads);
BENCHMARK(dropout)->Apply(threads);
BENCHMARK(sum_rows)->Apply(matrices);
BENCHMARK(batch_norm)->Apply(matrices);
BENCHMARK(batch_norm_gradient)->Apply(matrices);
BENCHMARK(sgd)->Apply(threads);
BENCHMARK(sgd_momentum)->Apply(threads);
BENCHMARK(adam)->Apply(threads);
BENCHMARK(optimistic_adam)->Apply(threads);
BENCHMARK(rmsprop)->Apply(threads);
BENCHMARK(lion)->Apply(threads);

}  // namespace
