// The GPU work of a training step, counted on the emulator of tests/cuda_emulator: launches, bytes, graph
// launches, synchronisations. Prints the table of docs/performance.md, and each kernel's share.
#include "cuda_emulator/counts.hpp"
#include "gan/objectives.hpp"
#include "gan/trainer.hpp"
#include "gan_networks.hpp"
#include <gantry/cuda.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

using namespace gantry;

namespace {

/// A lower bound on a step's traffic, if every product fuses the elementwise work next to it and caches keep
/// nothing between kernels: each input and each output once. No gradient of the first input is required; a
/// batch norm fuses the activation after it.
struct Floor {
    double numbers = 0, flops = 0;

    /// A product (dense, convolution) or batch norm with the activation after it. Elements of its input,
    /// output and weights.
    struct Layer {
        double x, y, w, flops;
        bool product, activated;
    };
    void forward(const std::vector<Layer>& layers) {
        for (const Layer& l : layers) {
            numbers += l.x + l.w + l.y;
            flops += l.flops;
        }
    }
    /// `weights`, `input`: which gradients are required; `added`: weight gradients are accumulated.
    void backward(const std::vector<Layer>& layers, bool weights, bool input, bool added = false) {
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const Layer& l = layers[i];
            const bool wants_x = i > 0 || input;
            if (!l.product) {  // upstream, x -> dx; its own parameters are negligible
                numbers += 3 * l.x;
                flops += l.flops;
                continue;
            }
            if (l.activated) numbers += l.y;  // for its derivative, read as the upstream is written
            if (wants_x) numbers += l.y + l.w + l.x;
            if (weights) numbers += l.y + l.x + (added ? 2 : 1) * l.w;
            flops += l.flops * ((wants_x ? 1 : 0) + (weights ? 1 : 0));
        }
    }
    void adam(double parameters) { numbers += 7 * parameters; }
    void made(double count) { numbers += count; }
};

template <class L>
struct LayersOf;
template <class... L>
struct LayersOf<Sequential<L...>> {
    static std::vector<Floor::Layer> list(int batch) {
        std::vector<Floor::Layer> layers;
        walk<typename Sequential<L...>::Input, L...>(layers, batch);
        return layers;
    }

private:
    template <class X, class First, class... Rest>
    static void walk(std::vector<Floor::Layer>& layers, int batch) {
        using Y = gantry::layers::output_of<First, X>;
        if constexpr (layers::ActivationLayer<First>)
            layers.back().activated = true;
        else if constexpr (First::Parameters::size > 0)
            layers.push_back({double(batch) * X::sample_size, double(batch) * Y::sample_size,
                              double(First::Parameters::size),
                              double(batch) * double(gantry::layers::cost<First, float, X>().flops),
                              First::State::size == 0, false});
        if constexpr (sizeof...(Rest) > 0) walk<Y, Rest...>(layers, batch);
    }
};

template <class G, class D>
Floor floor_of_step(int batch) {
    const auto g = LayersOf<G>::list(batch), d = LayersOf<D>::list(batch);
    const double z = double(batch) * G::Input::sample_size, image = double(batch) * D::Input::sample_size;
    Floor floor;
    floor.made(z + image / 4 + image);  // noise, bytes, pixels
    floor.forward(g);
    floor.forward(d);
    floor.forward(d);
    floor.backward(d, true, false);
    floor.backward(d, true, false, true);
    floor.adam(double(D::parameter_count));

    floor.made(z);
    floor.forward(g);
    floor.forward(d);
    floor.backward(d, false, true);
    floor.backward(g, true, false);
    floor.adam(double(G::parameter_count));
    return floor;
}

template <class Gan>
void count(const char* name, int batch, bool details) {
    using G = typename Gan::Generator;
    using D = typename Gan::Discriminator;
    Cuda device;
    Network<G, Cuda> generator{device, Seed{1}};
    Network<D, Cuda> discriminator{device, Seed{2}};
    Adam generator_adam{generator};
    Adam discriminator_adam{discriminator};
    gan::GanTrainer trainer{generator,          discriminator,        generator_adam,
                            discriminator_adam, gan::NonSaturating{}, {.batch = batch, .fixed_points = 1}};
    const std::vector<std::uint8_t> pixels((std::size_t(batch) + 1) * D::Input::sample_size, 100);
    DeviceBatches<typename D::Input, float, Cuda> data(device, pixels, {.batch = std::size_t(batch)});
    trainer.step(data);  // finds the sizes
    device.synchronize();
    cuda_emulator::reset_counts();
    trainer.step(data);
    const std::size_t synchronizations = cuda_emulator::counts().synchronizations;
    const std::size_t graphs = cuda_emulator::counts().graph_launches;
    const std::size_t outside = cuda_emulator::counts().kernels_started;
    device.synchronize();

    const cuda_emulator::Counts counts = cuda_emulator::counts();
    double bytes = 0;
    for (const auto& [kernel, moved] : counts.kernel_bytes) bytes += double(moved.reads + moved.writes);
    const Floor floor = floor_of_step<G, D>(batch);
    const double least = 4 * floor.numbers;
    std::printf("| %s, batch %d | %zu | %.1f | %.1f | %.2f | %.1f | %.1f | %zu | %zu |\n", name, batch,
                counts.total_launches(), bytes / 1e6, least / 1e6, bytes / least, bytes / 3.35e12 * 1e6,
                floor.flops / 67e12 * 1e6, graphs + outside, synchronizations);
    if (!details) return;
    for (const auto& [kernel, moved] : counts.kernel_bytes) {
        const bool ours = counts.launches.contains(kernel);
        std::printf("    %4zu  %s  %.2f MB (accesses: %.2f)\n",
                    ours ? counts.launches.at(kernel) : counts.library_calls.at(kernel), kernel.c_str(),
                    double(moved.reads + moved.writes) / 1e6,
                    double(moved.issued_reads + moved.issued_writes) / 1e6);
    }
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const bool details = std::any_of(argv + 1, argv + argc, [](std::string a) { return a == "--kernels"; });
    std::printf(
        "| step | launches | MB moved | MB least | ratio | us at 3.35 TB/s | us at 67 TFLOP/s | graph "
        "launches | synchronisations |\n|---|---|---|---|---|---|---|---|---|\n");
    count<bench::Mlp256>("mlp_256", 64, details);
    count<bench::Mlp1200>("mlp_1200", 128, details);
    count<bench::Dcgan32<16>>("dcgan_16", 100, details);
    count<bench::Dcgan32<64>>("dcgan_64", 64, details);
}
