// Single kernels on a GPU: microseconds, GB/s, TFLOP/s, and the percentage of ceilings measured in the same
// run: a large device-to-device copy, counting bytes read and written, and large products by cuBLAS.
//
// Bytes are the minimum that a kernel must move: each input and output once, except that batch norm reads its
// input twice, since the statistics come first. A graph of launches rotates among sets of arrays that
// together exceed the L2 cache. Arrays hold random values. `--smoke` uses small sizes, for a quick test of
// the program.
#include "graph_timer.hpp"
#include "no_gpu.hpp"
#include "transpose.hpp"
#include <gantry/cuda.hpp>
#include <gantry/cuda/product_variants.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

using namespace gantry;

namespace {

struct Sizes {
    std::size_t pool = std::size_t{1} << 28;  ///< total floats of memory
    std::size_t elements = std::size_t{1} << 24;
    std::size_t parameters = 10'000'000;
    std::size_t side = 64;       ///< of images
    std::size_t pixels = 12288;  ///< bytes of a sample in a data set
    std::size_t items = 4096;
    int product = 8192;  ///< extent of the products that measure the peak
    int batch = 1;       ///< divisor of the extents of products and convolutions

    static Sizes small() {
        return {.pool = std::size_t{1} << 20,
                .elements = std::size_t{1} << 14,
                .parameters = 10'000,
                .side = 8,
                .pixels = 48,
                .items = 300,
                .product = 64,
                .batch = 32};
    }
};

/// The arrays of one launch, allocated from one block of memory.
class Arrays {
public:
    static constexpr std::size_t alignment = 64;  ///< floats
    Arrays(float* begin, std::size_t size) : next_(begin), end_(begin + size) {}
    float* take(std::size_t count) {
        count = (count + alignment - 1) / alignment * alignment;
        if (count > static_cast<std::size_t>(end_ - next_)) fail("kernels", "a set of arrays is too small");
        return std::exchange(next_, next_ + count);
    }

private:
    float *next_, *end_;
};

struct Work {
    double bytes, operations = 0;
};

struct Kernel {
    std::string name;
    Work work;
    std::size_t set;  ///< floats in the arrays of a launch
    /// Prepares the arrays that must not be random, and returns the launch.
    std::function<std::function<void()>(Cuda&, Arrays)> make;
};

// -- measurement -------------------------------------------------------------------------------------------

struct Ceilings {
    double copy = 0, cache = 0;  ///< bytes per second
    double fp32 = 0, tf32 = 0;   ///< operations per second
};

class Bench {
public:
    explicit Bench(const Sizes& sizes) : pool_(device_, sizes.pool) {
        fill();
        measure_ceilings(sizes);
    }

    const Ceilings& ceilings() const { return ceilings_; }

    void run(benchmark::State& state, const Kernel& kernel) {
        constexpr std::size_t launches = 20, most_arrays = 16;
        const std::size_t set = kernel.set + most_arrays * Arrays::alignment;
        const std::size_t sets = std::min(pool_.size() / set, launches);
        if (sets == 0) return state.SkipWithError("the arrays do not fit into the memory of all benchmarks");
        fill();
        std::vector<std::function<void()>> starts;
        {
            const Step step{device_};
            for (std::size_t i = 0; i < sets; ++i)
                starts.push_back(kernel.make(device_, Arrays(pool_.data() + i * set, set)));
        }
        const double us = time_us([&] {
                              for (std::size_t i = 0; i < launches; ++i) starts[i % sets]();
                          }) /
                          static_cast<double>(launches);
        for (auto _ : state) state.SetIterationTime(us * 1e-6);
        const double bytes = kernel.work.bytes / us * 1e6, operations = kernel.work.operations / us * 1e6;
        state.counters["GB/s"] = bytes * 1e-9;
        state.counters["% of copy"] = 100 * bytes / ceilings_.copy;
        if (operations == 0) return;
        state.counters["TFLOP/s"] = operations * 1e-12;
        state.counters["% of peak"] = 100 * operations / ceilings_.fp32;
    }

private:
    void fill() {
        RandomStream stream(Seed{1}, "arrays");
        launch(device_, contracts::UniformParameters<float>{pool_.size(), pool_.data(), -1, 1, stream});
        device_.synchronize();
    }
    template <class F>
    double time_us(const F& f) {
        return time_us(device_, f);
    }
    template <class F>
    static double time_us(Cuda& device, const F& f) {
        {
            const Step step{device};  // afterwards the arena is large enough
            f();
            device.synchronize();
        }
        const Step step{device};
        const bench::CapturedGraph graph(device.stream(), f);
        const double us = bench::time_graph(graph.get(), device, {.seconds = 0.06, .sample_us = 1000}).median;
        device.synchronize();
        return us;
    }
    void measure_ceilings(const Sizes& sizes) {
        const std::size_t half = pool_.size() / 2, bytes = half * sizeof(float);
        ceilings_.copy = 2e6 * static_cast<double>(bytes) / time_us([&] {
                             cuda::check(cudaMemcpyAsync(pool_.data() + half, pool_.data(), bytes,
                                                         cudaMemcpyDeviceToDevice, device_.stream()),
                                         "cudaMemcpyAsync");
                         });
        const std::size_t few = std::min(half, std::size_t{1} << 21);
        ceilings_.cache = 20 * 2e6 * static_cast<double>(few * sizeof(float)) / time_us([&] {
                              for (int i = 0; i < 20; ++i)
                                  launch(device_, contracts::CopyBlockParameters<float>{
                                                      1, few, pool_.data(), few, pool_.data() + half, few});
                          });
        const auto rate = [&](Cuda& device) {
            const int n = sizes.product;
            const std::size_t size = static_cast<std::size_t>(n) * static_cast<std::size_t>(n);
            contracts::MatmulParameters<float> p{.rows = n, .columns = n, .inner = n};
            Arrays arrays(pool_.data(), pool_.size());
            p.a = arrays.take(size);
            p.b = arrays.take(size);
            p.c = arrays.take(size);
            return 2e6 * n * n * n / time_us(device, [&] { cuda::matmul_cublas(device, p); });
        };
        fill();
        ceilings_.fp32 = rate(device_);
        Cuda tf32{{.tf32 = true}};
        ceilings_.tf32 = rate(tf32);
    }

    Cuda device_;
    core::Buffer<float, Cuda> pool_;
    Ceilings ceilings_;
};

// -- the kernels -------------------------------------------------------------------------------------------

class Kernels {
public:
    explicit Kernels(const Sizes& sizes) : sizes_(sizes) {
        elementwise();
        reductions();
        copies();
        normalisation();
        pooling();
        random();
        optimizers();
        products();
        convolutions();
    }
    std::vector<Kernel> take() { return std::move(kernels_); }

private:
    /// `make(device, arrays)` returns the parameters, `run(device, parameters)` launches the kernel.
    template <class Make, class Run>
    void add(const std::string& name, const Work& work, std::size_t set, const Make& make, const Run& run) {
        kernels_.push_back({name, work, set, [make, run](Cuda& device, Arrays arrays) {
                                const auto p = make(device, arrays);
                                return std::function<void()>([p, run, &device] { run(device, p); });
                            }});
    }
    template <class Make>
    void add(const std::string& name, const Work& work, std::size_t set, const Make& make) {
        add(name, work, set, make, [](Cuda& device, const auto& p) { launch(device, p); });
    }

    template <class F>
    void map1(const std::string& name, const F& f) {
        const std::size_t n = sizes_.elements;
        add(name, {8.0 * double(n)}, 2 * n, [=](Cuda&, Arrays& a) {
            return contracts::ElementwiseParameters<F, float, 1>{f, n, a.take(n), {a.take(n)}, {}};
        });
    }
    template <class F>
    void map2(const std::string& name, const F& f) {
        const std::size_t n = sizes_.elements;
        add(name, {12.0 * double(n)}, 3 * n, [=](Cuda&, Arrays& a) {
            return contracts::ElementwiseParameters<F, float, 2>{f, n, a.take(n), {a.take(n), a.take(n)}, {}};
        });
    }

    void elementwise() {
        const std::size_t n = sizes_.elements;
        map2("elementwise/add", ops::Add{});
        map2("elementwise/multiply", ops::Multiply{});
        map1("elementwise/scale_shift", ops::ScaleShift{0.5, 0.1});
        map1("elementwise/exp", ops::Exp{});
        map1("activation/leaky_relu", ops::ActivationFunction<contracts::ActivationKind::leaky_relu>{0.2});
        map1("activation/sigmoid", ops::ActivationFunction<contracts::ActivationKind::sigmoid>{});
        map1("activation/tanh", ops::ActivationFunction<contracts::ActivationKind::tanh>{});
        map2("activation_gradient/leaky_relu",
             ops::ActivationGradient<contracts::ActivationKind::leaky_relu>{0.2});
        map2("activation_gradient/tanh", ops::ActivationGradient<contracts::ActivationKind::tanh>{});
        add("loss/bce_with_logits", {12.0 * double(n)}, 3 * n + 1, [=](Cuda&, Arrays& a) {
            return contracts::LossParameters<ops::BceWithLogits, float, 2>{
                {}, n, a.take(1), a.take(n), {a.take(n), a.take(n)}, {}, 1.0 / double(n)};
        });
        struct BiasActivation {
            float* y;
            const float* bias;
        };
        const std::size_t columns = 64;
        add(
            "bias_activation/tanh", {8.0 * double(n)}, n + columns,
            [=](Cuda&, Arrays& a) { return BiasActivation{a.take(n), a.take(columns)}; },
            [=](Cuda& device, const BiasActivation& p) {
                cuda::add_bias_and_activate(device, p.y, n / columns, columns, p.bias,
                                            contracts::Activation{contracts::ActivationKind::tanh});
            });
    }

    void reductions() {
        const std::size_t n = sizes_.elements;
        add("sum/of_squares", {4.0 * double(n)}, n + 1, [=](Cuda&, Arrays& a) {
            return contracts::TransformReduceParameters<ops::Square, float, 1>{{},          n,  a.take(1),
                                                                               {a.take(n)}, {}, 1.0};
        });
        for (const std::size_t columns : {std::size_t{16}, std::size_t{1024}})
            for (const contracts::Axis axis : {contracts::Axis::rows, contracts::Axis::columns}) {
                const std::size_t rows = n / columns, size = axis == contracts::Axis::rows ? columns : rows;
                add(std::string(axis == contracts::Axis::rows ? "sum/rows/" : "sum/columns/") +
                        std::to_string(columns),
                    {4.0 * double(n + size)}, n + size, [=](Cuda&, Arrays& a) {
                        return contracts::SumParameters<float>{rows,         columns, axis, a.take(n),
                                                               a.take(size), false,   1};
                    });
            }
        const std::size_t columns = 256, rows = n / columns;
        add("softmax/256", {8.0 * double(n)}, 2 * n, [=](Cuda&, Arrays& a) {
            return contracts::SoftmaxParameters<float>{rows, columns, a.take(n), a.take(n)};
        });
        for (const std::size_t classes : {std::size_t{10}, columns}) {
            const std::size_t count = n / classes, size = count * classes;
            add("cross_entropy/" + std::to_string(classes), {12.0 * double(size)}, 3 * size + 1,
                [=](Cuda&, Arrays& a) {
                    return contracts::CrossEntropyParameters<float>{
                        count,     classes,      a.take(size),       a.take(size),
                        a.take(1), a.take(size), 1.0 / double(count)};
                });
        }
    }

    void copies() {
        const std::size_t n = sizes_.elements, columns = 1024, rows = n / columns;
        add("fill", {4.0 * double(n)}, n,
            [=](Cuda&, Arrays& a) { return contracts::FillParameters<float>{n, a.take(n), 1.5f}; });
        add("copy/whole", {8.0 * double(n)}, 2 * n, [=](Cuda&, Arrays& a) {
            return contracts::CopyBlockParameters<float>{1, n, a.take(n), n, a.take(n), n};
        });
        add("copy/half_of_rows", {4.0 * double(n)}, 2 * n, [=](Cuda&, Arrays& a) {
            return contracts::CopyBlockParameters<float>{rows,    columns / 2, a.take(n),
                                                         columns, a.take(n),   columns};
        });
        struct Transpose {
            const float* from;
            float* to;
        };
        add(
            "copy/transpose", {8.0 * double(n)}, 2 * n,
            [=](Cuda&, Arrays& a) { return Transpose{a.take(n), a.take(n)}; },
            [=](Cuda& device, const Transpose& p) {
                bench::transpose(device, p.from, p.to, static_cast<int>(rows), static_cast<int>(columns));
            });
        add("broadcast/rows", {4.0 * double(n)}, n + columns, [=](Cuda&, Arrays& a) {
            return contracts::BroadcastParameters<float>{
                rows, columns, contracts::Axis::rows, a.take(columns), a.take(n), 1};
        });

        const std::size_t items = sizes_.items, pixels = sizes_.pixels;
        using Gather = contracts::GatherSamplesParameters<float>;
        add("gather/bytes", {5.0 * double(Gather::most * pixels)}, items * pixels / 4 + Gather::most * pixels,
            [=](Cuda&, Arrays& a) {
                Gather p;
                p.count = p.most;
                p.sample_size = pixels;
                p.x = reinterpret_cast<const std::uint8_t*>(a.take(items * pixels / 4));
                p.y = a.take(p.most * pixels);
                std::uint32_t random = 1;
                for (std::uint32_t& item : p.samples)
                    item = (random = random * 1664525 + 1013904223) % static_cast<std::uint32_t>(items);
                return p;
            });

        const std::size_t pieces = 5, outputs = 240, batch = n / (pieces * outputs),
                          results = batch * outputs;
        add("maxout/select", {4.0 * double((pieces + 1) * results)}, (pieces + 1) * results,
            [=](Cuda&, Arrays& a) {
                const float* const x = a.take(pieces * results);
                return contracts::MaxoutSelectParameters<float>{batch, pieces, outputs,
                                                                x,     x,      a.take(results)};
            });
        add("maxout/scatter", {4.0 * double((2 * pieces + 1) * results)}, (2 * pieces + 1) * results,
            [=](Cuda&, Arrays& a) {
                return contracts::MaxoutScatterParameters<float>{batch,           pieces,
                                                                 outputs,         a.take(pieces * results),
                                                                 a.take(results), a.take(pieces * results)};
            });
    }

    void normalisation() {
        const std::size_t n = sizes_.elements;
        for (const std::size_t columns : {std::size_t{64}, std::size_t{512}}) {
            const std::size_t rows = n / columns;
            const std::string name = std::to_string(columns);
            const contracts::Activation relu{contracts::ActivationKind::leaky_relu, 0};
            add("batch_norm/forward/" + name, {12.0 * double(n)}, 2 * n + 6 * columns, [=](Cuda&, Arrays& a) {
                contracts::BatchNormParameters<float> p{.rows = rows, .columns = columns};
                p.x = a.take(n);
                p.y = a.take(n);
                p.scale = a.take(columns);
                p.shift = a.take(columns);
                p.mean = a.take(columns);
                p.rstd = a.take(columns);
                p.running_mean = a.take(columns);
                p.running_variance = a.take(columns);
                p.activation = relu;
                return p;
            });
            add("batch_norm/gradient/" + name, {20.0 * double(n)}, 3 * n + 6 * columns,
                [=](Cuda& device, Arrays& a) {
                    contracts::BatchNormGradientParameters<float> p{.rows = rows, .columns = columns};
                    p.upstream = a.take(n);
                    p.x = a.take(n);
                    p.x_gradient = a.take(n);
                    p.scale = a.take(columns);
                    p.shift = a.take(columns);
                    // Statistics of a forward pass whose result is overwritten.
                    contracts::BatchNormParameters<float> forward{.rows = rows, .columns = columns};
                    forward.x = p.x;
                    forward.y = p.x_gradient;
                    forward.scale = p.scale;
                    forward.shift = p.shift;
                    p.mean = forward.mean = a.take(columns);
                    p.rstd = forward.rstd = a.take(columns);
                    launch(device, forward);
                    p.scale_gradient = a.take(columns);
                    p.shift_gradient = a.take(columns);
                    p.activation = relu;
                    return p;
                });
            add("batch_norm/evaluation/" + name, {8.0 * double(n)}, 2 * n + 4 * columns,
                [=](Cuda& device, Arrays& a) {
                    contracts::BatchNormEvaluationParameters<float> p{.rows = rows, .columns = columns};
                    p.x = a.take(n);
                    p.y = a.take(n);
                    p.scale = a.take(columns);
                    p.shift = a.take(columns);
                    p.mean = a.take(columns);
                    float* const variance = a.take(columns);
                    RandomStream stream(Seed{2}, "variance");
                    launch(device, contracts::UniformParameters<float>{columns, variance, 0.5, 1.5, stream});
                    p.variance = variance;
                    p.activation = relu;
                    return p;
                });
        }
    }

    void pooling() {
        const std::size_t side = sizes_.side, channels = 64,
                          images = sizes_.elements / (side * side * channels),
                          whole = images * side * side * channels, pooled = whole / 4;
        const int extent = static_cast<int>(side);
        const contracts::PoolingGeometry geometry{images,     channels,   extent,     extent,
                                                  extent / 2, extent / 2, {.size = 2}};
        const auto max_pool = [=](Arrays& a) {
            return contracts::MaxPoolParameters<float>{geometry, a.take(whole), a.take(pooled),
                                                       reinterpret_cast<std::int32_t*>(a.take(pooled))};
        };
        /// The switches of a max pooling.
        const auto switched = [=](Cuda& device, Arrays& a) {
            const contracts::MaxPoolParameters<float> p = max_pool(a);
            launch(device, p);
            return std::pair{
                p, contracts::SwitchedImages{images, side * side, side * side / 4, channels, p.switches}};
        };
        add("pooling/max", {4.0 * double(whole + 2 * pooled)}, whole + 2 * pooled,
            [=](Cuda&, Arrays& a) { return max_pool(a); });
        add("pooling/switch_gather", {4.0 * double(3 * pooled)}, whole + 2 * pooled,
            [=](Cuda& device, Arrays& a) {
                const auto [pool, extents] = switched(device, a);
                return contracts::SwitchGatherParameters<float>{extents, pool.whole, pool.pooled};
            });
        add("pooling/switch_scatter", {4.0 * double(whole + 2 * pooled)}, 2 * whole + 2 * pooled,
            [=](Cuda& device, Arrays& a) {
                const auto [pool, extents] = switched(device, a);
                return contracts::SwitchScatterParameters<float>{extents, pool.pooled, a.take(whole)};
            });
        add("pooling/mean", {4.0 * double(whole + pooled)}, whole + pooled, [=](Cuda&, Arrays& a) {
            return contracts::WindowSumParameters<float>{geometry, a.take(whole), a.take(pooled), 0.25};
        });
        add("pooling/mean_gradient", {4.0 * double(whole + pooled)}, whole + pooled, [=](Cuda&, Arrays& a) {
            return contracts::WindowSpreadParameters<float>{geometry, a.take(pooled), a.take(whole), 0.25};
        });
    }

    void random() {
        const std::size_t n = sizes_.elements;
        const RandomStream stream(Seed{3}, "numbers");
        add("random/uniform", {4.0 * double(n)}, n, [=](Cuda&, Arrays& a) {
            return contracts::UniformParameters<float>{n, a.take(n), -1, 1, stream};
        });
        add("random/normal", {4.0 * double(n)}, n,
            [=](Cuda&, Arrays& a) { return contracts::NormalParameters<float>{n, a.take(n), 0, 1, stream}; });
        add("random/dropout", {8.0 * double(n)}, 2 * n, [=](Cuda&, Arrays& a) {
            return contracts::DropoutParameters<float>{n, a.take(n), a.take(n), 0.5, stream};
        });
    }

    void optimizers() {
        const std::size_t n = sizes_.parameters;
        /// Second moments must not be negative.
        const auto squares = [=](Cuda& device, Arrays& a) {
            float* const v = a.take(n);
            RandomStream stream(Seed{4}, "squares");
            launch(device, contracts::UniformParameters<float>{n, v, 0, 1, stream});
            return v;
        };
        add("optimizer/sgd", {20.0 * double(n)}, 3 * n, [=](Cuda&, Arrays& a) {
            return contracts::UpdateParameters<optim::SgdUpdate<float>>{
                optim::SgdUpdate<float>({.momentum = 0.9}, 1e-4, 0.9, false),
                n,
                a.take(n),
                a.take(n),
                {a.take(n)}};
        });
        add("optimizer/adam", {28.0 * double(n)}, 4 * n, [=](Cuda& device, Arrays& a) {
            const optim::AdamUpdate<float> update(AdamOptions{.learning_rate = 1e-4, .beta1 = 0.5}, 100);
            return contracts::UpdateParameters<optim::AdamUpdate<float>>{
                update, n, a.take(n), a.take(n), {a.take(n), squares(device, a)}};
        });
        add("optimizer/rms_prop", {20.0 * double(n)}, 3 * n, [=](Cuda& device, Arrays& a) {
            return contracts::UpdateParameters<optim::RmsPropUpdate<float>>{
                optim::RmsPropUpdate<float>({.learning_rate = 1e-4}),
                n,
                a.take(n),
                a.take(n),
                {squares(device, a)}};
        });
    }

    void products() {
        struct Extents3 {
            int rows, columns, inner;
        };
        for (const Extents3 e : {Extents3{128, 1200, 1200}, {1024, 1024, 1024}, {4096, 4096, 4096}}) {
            contracts::MatmulParameters<float> p{.rows = e.rows / sizes_.batch,
                                                 .columns = e.columns / sizes_.batch,
                                                 .inner = e.inner / sizes_.batch};
            const auto size = [](int a, int b) {
                return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
            };
            const std::size_t of_a = size(p.rows, p.inner), of_b = size(p.inner, p.columns),
                              of_c = size(p.rows, p.columns), all = of_a + of_b + of_c;
            const Work work{4.0 * double(all), 2.0 * double(of_c) * p.inner};
            const std::string extents =
                std::to_string(e.rows) + 'x' + std::to_string(e.columns) + 'x' + std::to_string(e.inner);
            const auto make = [=](Cuda&, Arrays& a) {
                contracts::MatmulParameters<float> product = p;
                product.a = a.take(of_a);
                product.b = a.take(of_b);
                product.c = a.take(of_c);
                return product;
            };
            add("matmul_tiled/" + extents, work, all, make,
                [](Cuda& device, const auto& product) { cuda::matmul_tiled(device, product); });
            add("matmul_cublas/" + extents, work, all, make,
                [](Cuda& device, const auto& product) { cuda::matmul_cublas(device, product); });
        }
    }

    void convolutions() {
        struct Layer {
            int batch, in, in_channels, out_channels;
        };
        for (const Layer l : {Layer{64, 16, 64, 128}, {128, 32, 64, 128}}) {
            const contracts::ConvolutionAxis axis{l.in, l.in / 2, 4, 2, 1, 1};
            const contracts::ConvolutionGeometry g{std::max(l.batch / sizes_.batch, 1), axis, axis,
                                                   l.in_channels, l.out_channels};
            const std::size_t x = g.x_size(), w = g.w_size(), y = g.y_size(), all = x + w + y;
            const Work work{4.0 * double(all), cuda::operations(g)};
            const std::string name = '/' + std::to_string(l.batch) + 'x' + std::to_string(l.in) + 'x' +
                                     std::to_string(l.in) + 'x' + std::to_string(l.in_channels) + '-' +
                                     std::to_string(l.out_channels);
            const auto tiled = [](Cuda& device, const auto& p) { cuda::convolution_tiled(device, p); };
            add(
                "convolution_tiled/forward" + name, work, all,
                [=](Cuda&, Arrays& a) {
                    return contracts::ConvolutionParameters<float>{
                        .geometry = g, .x = a.take(x), .w = a.take(w), .y = a.take(y)};
                },
                tiled);
            add(
                "convolution_tiled/data" + name, work, all,
                [=](Cuda&, Arrays& a) {
                    return contracts::ConvolutionTransposedParameters<float>{
                        .geometry = g, .y = a.take(y), .w = a.take(w), .x = a.take(x)};
                },
                tiled);
            add(
                "convolution_tiled/weights" + name, work, all,
                [=](Cuda&, Arrays& a) {
                    return contracts::ConvolutionWeightGradientParameters<float>{
                        .geometry = g, .x = a.take(x), .y = a.take(y), .w = a.take(w)};
                },
                tiled);
        }
    }

    Sizes sizes_;
    std::vector<Kernel> kernels_;
};

// -- output ------------------------------------------------------------------------------------------------

/// One row per kernel. --benchmark_out writes Google Benchmark's formats.
class Table : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override {
        std::printf("%-42s%10s%10s%11s%10s%11s\n", "", "us", "GB/s", "% of copy", "TFLOP/s", "% of peak");
        return true;
    }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            std::printf("%-42s", run.run_name.function_name.c_str());
            if (run.error_occurred) {
                failed_ = true;
                std::printf("  %s\n", run.error_message.c_str());
                continue;
            }
            std::printf("%10.2f", run.GetAdjustedRealTime());
            for (const auto& [name, format] : {std::pair{"GB/s", "%10.0f"},
                                               {"% of copy", "%11.0f"},
                                               {"TFLOP/s", "%10.1f"},
                                               {"% of peak", "%11.0f"}})
                if (const auto counter = run.counters.find(name); counter != run.counters.end())
                    std::printf(format, counter->second.value);
            std::printf("\n");
        }
        std::fflush(stdout);
    }
    bool failed() const { return failed_; }

private:
    bool failed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    Sizes sizes;
    std::vector<char*> arguments(argv, argv + argc);
    if (std::erase_if(arguments, [](std::string_view a) { return a == "--smoke"; }) > 0)
        sizes = Sizes::small();
    int count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;

    return bench::run_on_gpu(argv[0], [&] {
        Bench bench(sizes);
        bench::print_gpu();
        const Ceilings& c = bench.ceilings();
        std::printf(
            "ceilings measured: copy %.0f GB/s (within L2 %.0f), products of cuBLAS in fp32 %.1f TFLOP/s "
            "(TF32 %.1f)\n",
            c.copy * 1e-9, c.cache * 1e-9, c.fp32 * 1e-12, c.tf32 * 1e-12);
        const std::vector<Kernel> kernels = Kernels(sizes).take();
        for (const Kernel& kernel : kernels)
            benchmark::RegisterBenchmark(kernel.name.c_str(),
                                         [&](benchmark::State& state) { bench.run(state, kernel); })
                ->UseManualTime()
                ->Iterations(1)
                ->Unit(benchmark::kMicrosecond);
        Table table;
        const std::size_t ran = benchmark::RunSpecifiedBenchmarks(&table);
        benchmark::ClearRegisteredBenchmarks();
        return ran > 0 && !table.failed() ? 0 : 1;
    });
}
