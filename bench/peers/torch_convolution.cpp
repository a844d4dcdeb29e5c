// The work of bench/convolution.cpp in libtorch, under the same names: the faster of channels-first and
// channels-last memory for each direction.
#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <vector>

#include <benchmark/benchmark.h>
#include <omp.h>
#include <torch/torch.h>

namespace {

struct Layer {
    const char* role;
    int batch, in, size, stride, padding, in_channels, out_channels, groups = 1;
};

constexpr Layer layers[] = {
    {"dcgan16", 100, 32, 4, 2, 1, 3, 16},       {"dcgan16", 100, 16, 4, 2, 1, 16, 32},
    {"dcgan16", 100, 8, 4, 2, 1, 32, 64},       {"dcgan16", 100, 4, 4, 1, 0, 64, 1},
    {"dcgan16", 100, 4, 4, 1, 0, 64, 100},      {"dcgan64", 64, 32, 4, 2, 1, 3, 64},
    {"dcgan64", 64, 16, 4, 2, 1, 64, 128},      {"dcgan64", 64, 8, 4, 2, 1, 128, 256},
    {"dcgan64", 64, 4, 4, 1, 0, 256, 1},        {"dcgan64", 64, 4, 4, 1, 0, 256, 100},
    {"twin28", 64, 28, 4, 2, 1, 1, 64},         {"twin28", 64, 14, 4, 2, 1, 64, 128},
    {"twin28", 64, 7, 4, 2, 1, 128, 256},       {"twin28", 64, 7, 3, 2, 1, 128, 256},
    {"twin28", 64, 3, 3, 1, 0, 256, 1},         {"twin28", 64, 4, 4, 1, 0, 256, 100},
    {"classifier28", 100, 28, 3, 1, 1, 1, 16},  {"classifier28", 100, 28, 3, 1, 1, 16, 16},
    {"classifier28", 100, 14, 3, 1, 1, 16, 32}, {"classifier28", 100, 14, 3, 1, 1, 32, 32},
    {"maxout32", 64, 32, 8, 1, 4, 3, 64},       {"dcgan64 one image", 1, 16, 4, 2, 1, 64, 128},
    {"r3gan", 8, 16, 3, 1, 1, 1536, 1536, 96},  {"r3gan", 8, 4, 4, 1, 0, 768, 768, 768},
    {"depthwise", 16, 32, 3, 1, 1, 64, 64, 64}, {"depthwise", 8, 14, 3, 1, 1, 40, 40, 40},
};

double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Times of one memory format: all calls of one direction.
struct Contender {
    torch::Tensor x, w, y;
    const Layer* layer;

    Contender(const Layer& l, torch::MemoryFormat format) : layer(&l) {
        x = torch::randn({l.batch, l.in_channels, l.in, l.in}).contiguous(format);
        w = torch::randn({l.out_channels, l.in_channels / l.groups, l.size, l.size}).contiguous(format);
        y = torch::randn_like(torch::conv2d(x, w, {}, l.stride, l.padding, 1, l.groups)).contiguous(format);
    }
    void run(int direction) const {
        if (direction == 0) {
            benchmark::DoNotOptimize(
                torch::conv2d(x, w, {}, layer->stride, layer->padding, 1, layer->groups).data_ptr());
            return;
        }
        const std::array<bool, 3> wanted{direction == 1, direction == 2, false};
        const torch::IntArrayRef none;
        benchmark::DoNotOptimize(at::convolution_backward(y, x, w, none, {layer->stride, layer->stride},
                                                          {layer->padding, layer->padding}, {1, 1}, false,
                                                          {0, 0}, layer->groups, wanted));
    }
};

void convolution(benchmark::State& state, const Layer& layer, int threads) {
    torch::NoGradGuard no_grad;
    at::set_num_threads(threads);
    omp_set_num_threads(threads);
    const Contender formats[] = {{layer, torch::MemoryFormat::Contiguous},
                                 {layer, torch::MemoryFormat::ChannelsLast}};
    std::vector<double> times[3][2];
    for (auto _ : state) {
        double all = 0;
        for (int direction = 0; direction < 3; ++direction)
            for (int f = 0; f < 2; ++f) {
                formats[f].run(direction);
                const double begin = seconds();
                formats[f].run(direction);
                times[direction][f].push_back(seconds() - begin);
                all += times[direction][f].back();
            }
        state.SetIterationTime(all);
    }
    const char* names[] = {"forward", "x", "w"};
    for (int direction = 0; direction < 3; ++direction) {
        double least = 1e9, median = 1e9;
        for (std::vector<double>& t : times[direction]) {
            std::sort(t.begin(), t.end());
            least = std::min(least, t.front());
            median = std::min(median, t[t.size() / 2]);
        }
        state.counters[names[direction] + std::string("_us")] = 1e6 * least;
        state.counters[names[direction] + std::string("_median_us")] = 1e6 * median;
    }
}

}  // namespace

int main(int argc, char** argv) {
    for (const Layer& layer : layers) {
        const auto text = [](int n) { return std::to_string(n); };
        const std::string name = std::string(layer.role) + "/" + text(layer.batch) + "x" + text(layer.in) +
                                 "x" + text(layer.in) + "x" + text(layer.in_channels) + "-" +
                                 text(layer.out_channels) + "/k" + text(layer.size) + "s" +
                                 text(layer.stride) + "p" + text(layer.padding) +
                                 (layer.groups == 1 ? "" : "g" + text(layer.groups));
        for (const int threads : {1, 2})
            benchmark::RegisterBenchmark(
                (name + "/threads:" + text(threads)).c_str(),
                [&layer, threads](benchmark::State& state) { convolution(state, layer, threads); })
                ->UseManualTime()
                ->MinTime(0.1)
                ->Unit(benchmark::kMicrosecond);
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
