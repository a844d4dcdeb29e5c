// Whole GAN training steps on a GPU: one update of the discriminator and one of the generator, with Adam.
// bench/peers/torch_gpu_gan_step.py does the same work in PyTorch under the same names;
// bench/peers/compare_gpu.py prints the ratios.
#include "gan/objectives.hpp"
#include "gan/trainer.hpp"
#include "gan_networks.hpp"
#include "graph_timer.hpp"
#include "no_gpu.hpp"
#include "runtime_calls.hpp"
#include <gantry/cuda.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

using namespace gantry;
using bench::Times;

namespace {

/// Times are microseconds per step.
struct Result {
    Times wall;                                                         ///< of consecutive steps
    Times gpu;                                                          ///< of the step's graph alone
    double host = 0, run = 0, end_capture = 0, update = 0, launch = 0;  ///< means; host is their sum
    std::size_t nodes = 0;
    long instantiations = 0;  ///< after warm-up; each costs more than a step
    double discriminator_loss = 0, generator_loss = 0;
    bool finite = false;  ///< all recorded losses

    bool good() const { return finite && instantiations == 0; }
};

/// Microseconds that f() takes on the host.
template <class F>
double host_time(const F& f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

std::vector<std::uint8_t> random_bytes(std::size_t count) {
    std::vector<std::uint8_t> bytes(count);
    std::uint32_t x = 1;
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>((x = x * 1664525 + 1013904223) >> 24);
    return bytes;
}

template <class Gan>
Result measure(int batch, bool tf32, double seconds) {
    using G = typename Gan::Generator;
    using D = typename Gan::Discriminator;
    constexpr AdamOptions adam{.learning_rate = 2e-4, .beta1 = 0.5};
    constexpr std::size_t batches_of_data = 8;
    constexpr int first_steps = 5;  // allocation, choice of cuDNN engines, first graphs
    constexpr int samples = 7;

    Cuda device{{.tf32 = tf32}};
    Network<G, Cuda> generator{device, Seed{1}};
    Network<D, Cuda> discriminator{device, Seed{2}};
    Adam generator_adam{generator, adam};
    Adam discriminator_adam{discriminator, adam};
    gan::GanTrainer trainer{generator,          discriminator,        generator_adam,
                            discriminator_adam, gan::NonSaturating{}, {.batch = batch, .fixed_points = 1}};
    const auto size = static_cast<std::size_t>(batch);
    const std::vector<std::uint8_t> pixels = random_bytes(batches_of_data * size * D::Input::sample_size);
    DeviceBatches<typename D::Input, float, Cuda> data(device, pixels,
                                                       {.batch = size, .placement = DataPlacement::resident});
    const auto steps = [&](int count) {
        for (int i = 0; i < count; ++i) trainer.step(data);
        device.synchronize();
    };

    steps(first_steps);
    bench::RuntimeCalls& calls = bench::runtime_calls();
    calls = {};
    const double estimate = host_time([&] { steps(2); }) / 2;
    const int in_sample = static_cast<int>(std::clamp(seconds * 1e6 / (samples + 1) / estimate, 1.0, 1e5));
    steps(in_sample);  // lets the GPU's clocks rise
    std::vector<double> wall;
    for (int i = 0; i < samples; ++i)
        wall.push_back(host_time([&] { steps(in_sample); }) / static_cast<double>(in_sample));

    // Host time alone: the GPU is idle at the beginning of each step, so no call waits for it.
    const long instantiations = calls.instantiations;
    calls = {};
    const int host_steps = std::min(in_sample, 40);
    Result result;
    for (int i = 0; i < host_steps; ++i) {
        result.host += host_time([&] { trainer.step(data); }) / host_steps;
        device.synchronize();
    }
    result.end_capture = calls.end_capture / host_steps;
    result.update = calls.update / host_steps;
    result.launch = calls.launch / host_steps;
    result.run = result.host - result.end_capture - result.update - result.launch;
    result.nodes = calls.nodes;
    result.instantiations = instantiations + calls.instantiations;

    result.wall = Times(wall);
    result.gpu = bench::time_graph(calls.graph, device, {.seconds = seconds / 4, .sample_us = 2000});
    steps(1);
    const std::vector<gan::GanLosses> losses = trainer.take_losses();
    result.discriminator_loss = losses.back().discriminator;
    result.generator_loss = losses.back().generator;
    result.finite = std::all_of(losses.begin(), losses.end(), [](const gan::GanLosses& l) {
        return std::isfinite(l.discriminator) && std::isfinite(l.generator);
    });
    return result;
}

struct Benchmark {
    const char* name;
    int batch;
    Result (*measure)(int batch, bool tf32, double seconds);
};
constexpr Benchmark benchmarks[] = {
    {"mlp_256", 64, measure<bench::Mlp256>},         {"mlp_1200", 128, measure<bench::Mlp1200>},
    {"dcgan_16", 100, measure<bench::Dcgan32<16>>},  {"dcgan_64", 64, measure<bench::Dcgan32<64>>},
    {"dcgan64x64", 128, measure<networks::Dcgan64>},
};

void print_header() {
    std::printf("microseconds per step: medians and minima; the host's are means\n");
    std::printf("%-11s%6s%6s |%9s%9s |%9s%9s |%8s =%8s +%8s +%8s +%8s |%6s%6s |%8s%8s\n", "network", "batch",
                "", "wall", "min", "GPU", "min", "host", "run", "capture", "update", "launch", "nodes",
                "inst.", "loss D", "loss G");
}
void print(const char* name, int batch, const char* precision, const Result& r) {
    std::printf(
        "%-11s%6d%6s |%9.1f%9.1f |%9.1f%9.1f |%8.1f  %8.1f  %8.1f  %8.1f  %8.1f |%6zu%6ld |%8.4f%8.4f%s\n",
        name, batch, precision, r.wall.median, r.wall.least, r.gpu.median, r.gpu.least, r.host, r.run,
        r.end_capture, r.update, r.launch, r.nodes, r.instantiations, r.discriminator_loss, r.generator_loss,
        r.good() ? "" : "  FAILED");
    std::fflush(stdout);
}

constexpr const char* csv_header =
    "network,batch,precision,mode,us,us_min,gpu_us,gpu_us_min,host_us,run_us,end_capture_us,update_us,launch_"
    "us,"
    "nodes,instantiations,loss_d,loss_g";
void write(std::ostream& csv, const char* name, int batch, const char* precision, const Result& r) {
    csv << name << ',' << batch << ',' << precision << ",graph," << r.wall.median << ',' << r.wall.least
        << ',' << r.gpu.median << ',' << r.gpu.least << ',' << r.host << ',' << r.run << ',' << r.end_capture
        << ',' << r.update << ',' << r.launch << ',' << r.nodes << ',' << r.instantiations << ','
        << r.discriminator_loss << ',' << r.generator_loss << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> all, names, precisions{"fp32", "tf32"};
    for (const Benchmark& b : benchmarks) all.push_back(b.name);
    double seconds = 0.4;
    int batch = 0;
    std::string file;
    CLI::App app{"Measures training steps of GANs on a GPU."};
    app.add_option("names", names, "networks; all by default")->check(CLI::IsMember(all));
    app.add_option("--seconds", seconds, "of each measurement")->capture_default_str();
    app.add_option("--precision", precisions, "fp32 or tf32; may be repeated; both by default")
        ->check(CLI::IsMember({"fp32", "tf32"}))
        ->allow_extra_args(false);
    app.add_option("--batch", batch, "overrides the batch sizes of the networks");
    app.add_option("--csv", file, "also write the table to this file");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 1;  // 0: --help
    }
    if (names.empty()) names = all;

    return bench::run_on_gpu(argv[0], [&] {
        std::ofstream csv;
        if (!file.empty()) {
            csv.open(file);
            if (!csv) fail("--csv", "the file cannot be written", file);
            csv << csv_header << '\n';
        }
        bench::print_gpu();
        print_header();
        bool good = true;
        for (const std::string& precision : precisions)
            for (const Benchmark& b : benchmarks) {
                if (std::find(names.begin(), names.end(), b.name) == names.end()) continue;
                const int size = batch > 0 ? batch : b.batch;
                const Result result = b.measure(size, precision == "tf32", seconds);
                print(b.name, size, precision.c_str(), result);
                if (csv.is_open()) write(csv, b.name, size, precision.c_str(), result);
                good = good && result.good();
            }
        if (!good)
            std::fprintf(stderr, "%s: losses are not finite, or graphs were instantiated again\n", argv[0]);
        return good ? 0 : 1;
    });
}
