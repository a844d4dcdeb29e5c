// The convolutions of the DCGANs and of some other image networks in their three directions: forward,
// gradient by x (a transposed convolution) and gradient by the weights. Per layer and thread count, one
// benchmark times all three in turn; its counters give each one's shortest and median time, and the
// shortest's percentage of the FMA peak measured in the same run. Only taps inside the image count as work.
#include "peak.hpp"
#include <gantry/core/buffer.hpp>
#include <gantry/cpu/convolution/convolution.hpp>

#include <cstddef>
#include <string>

#include <benchmark/benchmark.h>

namespace {

using gantry::contracts::ConvolutionAxis;

struct Layer {
    const char* role;
    int batch;
    ConvolutionAxis axis;  // for both axes
    int in_channels, out_channels, groups = 1;
};

constexpr ConvolutionAxis window(int in, int size, int stride, int padding) {
    return {.in = in,
            .out = (in + 2 * padding - size) / stride + 1,
            .size = size,
            .stride = stride,
            .padding = padding};
}

constexpr Layer layers[] = {
    {"dcgan16", 100, window(32, 4, 2, 1), 3, 16},
    {"dcgan16", 100, window(16, 4, 2, 1), 16, 32},
    {"dcgan16", 100, window(8, 4, 2, 1), 32, 64},
    {"dcgan16", 100, window(4, 4, 1, 0), 64, 1},
    {"dcgan16", 100, window(4, 4, 1, 0), 64, 100},
    {"dcgan64", 64, window(32, 4, 2, 1), 3, 64},
    {"dcgan64", 64, window(16, 4, 2, 1), 64, 128},
    {"dcgan64", 64, window(8, 4, 2, 1), 128, 256},
    {"dcgan64", 64, window(4, 4, 1, 0), 256, 1},
    {"dcgan64", 64, window(4, 4, 1, 0), 256, 100},
    {"twin28", 64, window(28, 4, 2, 1), 1, 64},
    {"twin28", 64, window(14, 4, 2, 1), 64, 128},
    {"twin28", 64, window(7, 4, 2, 1), 128, 256},
    {"twin28", 64, window(7, 3, 2, 1), 128, 256},
    {"twin28", 64, window(3, 3, 1, 0), 256, 1},
    {"twin28", 64, window(4, 4, 1, 0), 256, 100},
    {"classifier28", 100, window(28, 3, 1, 1), 1, 16},
    {"classifier28", 100, window(28, 3, 1, 1), 16, 16},
    {"classifier28", 100, window(14, 3, 1, 1), 16, 32},
    {"classifier28", 100, window(14, 3, 1, 1), 32, 32},
    {"maxout32", 64, window(32, 8, 1, 4), 3, 64},
    {"dcgan64 one image", 1, window(16, 4, 2, 1), 64, 128},
    {"r3gan", 8, window(16, 3, 1, 1), 1536, 1536, 96},
    {"r3gan", 8, window(4, 4, 1, 0), 768, 768, 768},
    {"depthwise", 16, window(32, 3, 1, 1), 64, 64, 64},
    {"depthwise", 8, window(14, 3, 1, 1), 40, 40, 40},
};

/// Multiply-adds of an axis: pairs of an output and a tap inside the image.
double meetings(const ConvolutionAxis& axis) {
    double count = 0;
    for (int o = 0; o < axis.out; ++o)
        for (int k = 0; k < axis.size; ++k) {
            const int i = o * axis.stride - axis.padding + k * axis.dilation;
            if (i >= 0 && i < axis.in) ++count;
        }
    return count;
}

using Numbers = gantry::core::Buffer<float, gantry::Cpu>;  // aligned, as tensors are

Numbers some_numbers(gantry::Cpu& device, std::size_t size) {
    Numbers x(device, size);
    for (std::size_t i = 0; i < size; ++i)
        x.data()[i] = static_cast<float>(i * 2654435761u >> 8 & 2047) * 1e-3f - 1;
    return x;
}

void convolution(benchmark::State& state, const Layer& layer, int threads) {
    const gantry::contracts::ConvolutionGeometry geometry{
        layer.batch, layer.axis, layer.axis, layer.in_channels, layer.out_channels, layer.groups};
    gantry::Cpu device{{.threads = threads}};
    Numbers x = some_numbers(device, geometry.x_size()), y = some_numbers(device, geometry.y_size()),
            w = some_numbers(device, geometry.w_size()), to_x(device, x.size()), to_y(device, y.size()),
            to_w(device, w.size());
    const double work = 2.0 * layer.batch * meetings(layer.axis) * meetings(layer.axis) * layer.in_channels *
                        layer.out_channels / layer.groups;
    gantry::bench::RoundRobin<float> contest(threads);
    const std::size_t forward = contest.add(work, [&] {
        launch(device,
               gantry::contracts::ConvolutionParameters<float>{geometry, x.data(), w.data(), to_y.data()});
    });
    const std::size_t by_x = contest.add(work, [&] {
        launch(device, gantry::contracts::ConvolutionTransposedParameters<float>{geometry, y.data(), w.data(),
                                                                                 to_x.data()});
    });
    const std::size_t by_w = contest.add(work, [&] {
        launch(device, gantry::contracts::ConvolutionWeightGradientParameters<float>{geometry, x.data(),
                                                                                     y.data(), to_w.data()});
    });
    for (auto _ : state) {
        contest.round();
        state.SetIterationTime(contest.last(forward) + contest.last(by_x) + contest.last(by_w));
    }
    const auto report = [&](const std::string& name, std::size_t contender) {
        state.counters[name + "_us"] = 1e6 * contest.shortest(contender);
        state.counters[name + "_median_us"] = 1e6 * contest.median(contender);
        state.counters[name + "_%"] = contest.percent_of_peak(contender);
    };
    report("forward", forward);
    report("x", by_x);
    report("w", by_w);
    state.counters["peak_GFLOP/s"] = 1e-9 * contest.flops(0);
}

const bool registered = [] {
    for (const Layer& layer : layers) {
        const ConvolutionAxis& a = layer.axis;
        const auto text = [](int n) { return std::to_string(n); };
        const std::string name = std::string(layer.role) + "/" + text(layer.batch) + "x" + text(a.in) + "x" +
                                 text(a.in) + "x" + text(layer.in_channels) + "-" + text(layer.out_channels) +
                                 "/k" + text(a.size) + "s" + text(a.stride) + "p" + text(a.padding) +
                                 (layer.groups == 1 ? "" : "g" + text(layer.groups));
        for (const int threads : {1, 2})
            benchmark::RegisterBenchmark(
                (name + "/threads:" + text(threads)).c_str(),
                [&layer, threads](benchmark::State& state) { convolution(state, layer, threads); })
                ->UseManualTime()
                ->MinTime(0.1)
                ->Unit(benchmark::kMicrosecond);
    }
    return true;
}();

}  // namespace
