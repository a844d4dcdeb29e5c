#include "recorded_step.hpp"

#include "gan/objectives.hpp"
#include "gan/trainer.hpp"
#include "gan_networks.hpp"
#include "networks/dcgan.hpp"
#include "networks/encoder_decoder.hpp"
#include "networks/fluxgan_cifar10.hpp"
#include "networks/mnist_classifier.hpp"
#include <gantry/cuda/convolution_rule.hpp>
#include <gantry/gantry.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace gantry::bench {

namespace {

/// Hands out addresses without allocating memory.
class NoMemory {
public:
    void* allocate(std::size_t bytes) {
        return reinterpret_cast<void*>(std::exchange(next_, next_ + (bytes + 255) / 256 * 256));
    }
    void release(void*, std::size_t) noexcept {}
    void fill(void*, std::byte, std::size_t) {}
    void copy_to_host(void* host, const void*, std::size_t bytes) { std::memset(host, 0, bytes); }
    void copy_from_host(void*, const void*, std::size_t) {}

private:
    std::uintptr_t next_ = std::uintptr_t{1} << 40;
};

/// A device that computes nothing and records its matrix products and convolutions.
struct Recorder : Device<NoMemory> {
    std::vector<Product> products;
};

/// As for Cuda's tiled kernels.
bool fuses_activation_backward(const Recorder&, const contracts::ConvolutionGeometry& g,
                               contracts::ActivationKind kind) {
    return !cuda::plain_product(g) && ops::fuses_into_backward(kind);
}

template <class P>
void launch(Recorder&, const P&) {}
template <class T>
void launch(Recorder& recorder, contracts::MatmulParameters<T> p) {
    p.accumulate = false;
    recorder.products.push_back(p);
}
template <class P>
void record_convolution(Recorder& recorder, const P& p) {
    if (const auto product = cuda::as_product(p))
        launch(recorder, *product);
    else
        recorder.products.push_back(p);
}
template <class T>
void launch(Recorder& recorder, const contracts::ConvolutionParameters<T>& p) {
    record_convolution(recorder, p);
}
template <class T>
void launch(Recorder& recorder, const contracts::ConvolutionTransposedParameters<T>& p) {
    record_convolution(recorder, p);
}
template <class T>
void launch(Recorder& recorder, contracts::ConvolutionWeightGradientParameters<T> p) {
    p.accumulate = false;
    record_convolution(recorder, p);
}

/// A step of a GAN.
template <class Gan>
std::vector<Product> step_of_gan(int batch) {
    using G = typename Gan::Generator;
    using D = typename Gan::Discriminator;
    Recorder device;
    Network<G, Recorder> generator{device, Seed{1}};
    Network<D, Recorder> discriminator{device, Seed{2}};
    Adam generator_adam{generator};
    Adam discriminator_adam{discriminator};
    gan::GanTrainer trainer{generator,          discriminator,        generator_adam,
                            discriminator_adam, gan::NonSaturating{}, {.batch = batch, .fixed_points = 1}};
    const auto size = static_cast<std::size_t>(batch);
    const std::vector<std::uint8_t> pixels(size * D::Input::sample_size);
    DeviceBatches<typename D::Input, float, Recorder> data(device, pixels, {.batch = size});
    trainer.step(data);
    return std::move(device.products);
}

/// A step of a single network. The loss does not matter for its products.
template <class Trained>
std::vector<Product> step_of_network(int batch) {
    using A = typename Trained::Architecture;
    Recorder device;
    Network<A, Recorder> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "input");
    const Step step{device};
    const auto loss = mean(network(uniform<typename A::Input>(device, batch, stream, 0, 1)));
    backward(loss, network);
    return std::move(device.products);
}

struct Program {
    const char* network;
    int batch;
    std::vector<Product> (*record)(int batch);
};
constexpr Program programs[] = {
    {"mlp_256", 64, step_of_gan<Mlp256>},
    {"mlp_1200", 128, step_of_gan<Mlp1200>},
    {"dcgan_16", 100, step_of_gan<networks::Dcgan32<16>>},
    {"dcgan_64", 64, step_of_gan<networks::Dcgan32<64>>},
    {"dcgan28x28", 64, step_of_gan<networks::Dcgan28>},
    {"dcgan64x64", 128, step_of_gan<networks::Dcgan64>},
    {"fluxgan_dense", 50, step_of_gan<networks::FluxGanDense32>},
    {"fluxgan_conv", 50, step_of_gan<networks::FluxGanConvolutional32>},
    {"goodfellow_conv", 50, step_of_gan<networks::GoodfellowConvolutional32>},
    {"encoder_decoder", 100, step_of_network<networks::EncoderDecoder>},
    {"mnist_classifier", 100, step_of_network<networks::MnistClassifier>},
};

}  // namespace

std::vector<RecordedStep> recorded_steps(int batch) {
    std::vector<RecordedStep> steps;
    for (const Program& p : programs) {
        const int size = batch > 0 ? batch : p.batch;
        steps.push_back({p.network, size, p.record(size)});
    }
    return steps;
}

}  // namespace gantry::bench
