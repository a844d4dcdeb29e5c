// A whole training step of a GAN, and its generator alone. bench/peers/torch_gan_step.cpp does the same work
// in libtorch under the same names; bench/peers/compare.py alternates the two and prints ratios.
#include "gan_networks.hpp"
#include <gantry/gantry.hpp>

#include <benchmark/benchmark.h>

using namespace gantry;
using namespace gantry::bench;

namespace {

using Latent = Shape<Batch, 100>;

/// One discriminator update on real and generated images, one generator update, Adam for both. As in the
/// peer, the generator's update backpropagates through the images that the discriminator was trained on.
template <class G, class D>
class GanStep {
    using Image = typename D::Input;

public:
    GanStep(int threads, int batch)
        : device_(CpuOptions{threads}), batch_(batch), real_(uniform<Image>(device_, batch, data_, -1, 1)) {
        device_.end_step();
    }
    void operator()() {
        Step step{device_};
        const auto fake = generator_(normal<Latent>(device_, batch_, noise_));
        const auto d_loss = bce_with_logits(discriminator_(real_.get()), 1.0) +
                            bce_with_logits(discriminator_(detach(fake)), 0.0);
        discriminator_optimizer_.step(backward(d_loss, discriminator_));
        const auto g_loss = bce_with_logits(frozen(discriminator_)(fake), 1.0);
        generator_optimizer_.step(backward(g_loss, generator_));
        benchmark::DoNotOptimize(g_loss.data());
    }

private:
    Cpu device_;
    Network<G, Cpu> generator_{device_, Seed{1}};
    Network<D, Cpu> discriminator_{device_, Seed{2}};
    Adam<Network<G, Cpu>> generator_optimizer_{generator_, {.learning_rate = 2e-4, .beta1 = 0.5}};
    Adam<Network<D, Cpu>> discriminator_optimizer_{discriminator_, {.learning_rate = 2e-4, .beta1 = 0.5}};
    RandomStream noise_{Seed{3}, "noise"}, data_{Seed{3}, "data"};
    int batch_;
    PersistentTensor<Image, float, Cpu> real_;
};

template <class G, class D>
void gan_step(benchmark::State& state) {
    GanStep<G, D> step(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
    step();  // sizes the arena
    for (auto _ : state) step();
}
BENCHMARK(gan_step<Mlp1200::Generator, Mlp1200::Discriminator>)
    ->Name("gan_step/mlp_1200")
    ->ArgNames({"threads", "batch"})
    ->Args({1, 128})
    ->Args({2, 128})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gan_step<Mlp256::Generator, Mlp256::Discriminator>)
    ->Name("gan_step/mlp_256")
    ->ArgNames({"threads", "batch"})
    ->Args({1, 64})
    ->Args({2, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gan_step<Dcgan32<16>::Generator, Dcgan32<16>::Discriminator>)
    ->Name("gan_step/dcgan_16")
    ->ArgNames({"threads", "batch"})
    ->Args({1, 100})
    ->Args({2, 100})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gan_step<Dcgan32<64>::Generator, Dcgan32<64>::Discriminator>)
    ->Name("gan_step/dcgan_64")
    ->ArgNames({"threads", "batch"})
    ->Args({1, 64})
    ->Args({2, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

template <class G>
void generate(benchmark::State& state) {
    Cpu device{{static_cast<int>(state.range(0))}};
    Network<G, Cpu> generator{device, Seed{1}};
    RandomStream noise(Seed{2}, "noise");
    const PersistentTensor z(normal<Latent>(device, static_cast<int>(state.range(1)), noise));
    device.end_step();
    for (auto _ : state) {
        Step step{device};
        benchmark::DoNotOptimize(evaluation(generator)(z.get()).data());
    }
}
BENCHMARK(generate<Mlp1200::Generator>)
    ->Name("generate/mlp_1200")
    ->ArgNames({"threads", "batch"})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({1, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(generate<Mlp256::Generator>)
    ->Name("generate/mlp_256")
    ->ArgNames({"threads", "batch"})
    ->Args({1, 1})
    ->Args({1, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(generate<Dcgan32<64>::Generator>)
    ->Name("generate/dcgan_64")
    ->ArgNames({"threads", "batch"})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({1, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
