// The work of bench/gan_step.cpp in libtorch, under the same names. requires_grad is switched off for the
// discriminator's parameters in the generator's update, so that libtorch does no work that gantry omits.
#include <vector>

#include <benchmark/benchmark.h>
#include <omp.h>
#include <torch/torch.h>

namespace {

using Widths = std::vector<std::int64_t>;

torch::nn::Sequential mlp(const Widths& widths, bool generator) {
    torch::nn::Sequential net;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
        net->push_back(torch::nn::Linear(widths[i], widths[i + 1]));
        const bool last = i + 2 == widths.size();
        if (!last && generator) net->push_back(torch::nn::ReLU());
        if (!last && !generator)
            net->push_back(torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(0.2)));
        if (last && generator) net->push_back(torch::nn::Tanh());
    }
    return net;
}

void set_threads(benchmark::State& state) {
    const int threads = static_cast<int>(state.range(0));
    at::set_num_threads(threads);
    omp_set_num_threads(threads);
    at::globalContext().setFlushDenormal(true);
}

/// A GAN with its images: mlp or dcgan below.
struct Gan {
    torch::nn::Sequential g, d;
    std::vector<std::int64_t> image;
    at::MemoryFormat layout = at::MemoryFormat::Contiguous;
};

Gan mlp_gan(const Widths& g_widths, const Widths& d_widths) {
    return {mlp(g_widths, true), mlp(d_widths, false), {d_widths.front()}};
}

/// Dcgan32 of examples/networks/dcgan.hpp.
Gan dcgan(std::int64_t n, bool channels_last) {
    using namespace torch::nn;
    const auto up = [](std::int64_t in, std::int64_t out, int stride, int padding) {
        return ConvTranspose2d(
            ConvTranspose2dOptions(in, out, 4).stride(stride).padding(padding).bias(false));
    };
    const auto down = [](std::int64_t in, std::int64_t out, int stride, int padding) {
        return Conv2d(Conv2dOptions(in, out, 4).stride(stride).padding(padding).bias(false));
    };
    const auto leaky = [] { return LeakyReLU(LeakyReLUOptions().negative_slope(0.2)); };
    Gan gan{
        Sequential(Unflatten(UnflattenOptions(1, {100, 1, 1})), up(100, 4 * n, 1, 0), BatchNorm2d(4 * n),
                   ReLU(), up(4 * n, 2 * n, 2, 1), BatchNorm2d(2 * n), ReLU(), up(2 * n, n, 2, 1),
                   BatchNorm2d(n), ReLU(), up(n, 3, 2, 1), Tanh()),
        Sequential(down(3, n, 2, 1), leaky(), down(n, 2 * n, 2, 1), BatchNorm2d(2 * n), leaky(),
                   down(2 * n, 4 * n, 2, 1), BatchNorm2d(4 * n), leaky(), down(4 * n, 1, 1, 0), Flatten()),
        {3, 32, 32},
        channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous};
    if (channels_last)
        for (auto* network : {&gan.g, &gan.d})
            for (auto& p : (*network)->parameters())
                if (p.dim() == 4) p.set_data(p.contiguous(gan.layout));
    return gan;
}

void gan_step(benchmark::State& state, Gan (*make)()) {
    set_threads(state);
    const std::int64_t batch = state.range(1);
    auto [g, d, image, layout] = make();
    const auto options = torch::optim::AdamOptions(2e-4).betas({0.5, 0.999});
    torch::optim::Adam g_optimizer(g->parameters(), options), d_optimizer(d->parameters(), options);
    std::vector<std::int64_t> extents{batch};
    extents.insert(extents.end(), image.begin(), image.end());
    const torch::Tensor real = (torch::rand(extents) * 2 - 1).contiguous(layout);
    const torch::Tensor ones = torch::ones({batch, 1}), zeros = torch::zeros({batch, 1});
    const auto freeze = [&d = d](bool frozen) {
        for (auto& p : d->parameters()) p.requires_grad_(!frozen);
    };
    const auto step = [&] {
        d_optimizer.zero_grad();
        torch::binary_cross_entropy_with_logits(d->forward(real), ones).backward();
        const torch::Tensor fake = g->forward(torch::randn({batch, 100}));
        torch::binary_cross_entropy_with_logits(d->forward(fake.detach()), zeros).backward();
        d_optimizer.step();
        g_optimizer.zero_grad();
        freeze(true);
        torch::binary_cross_entropy_with_logits(d->forward(fake), ones).backward();
        freeze(false);
        g_optimizer.step();
    };
    for (int i = 0; i < 3; ++i) step();
    for (auto _ : state) step();
}
BENCHMARK_CAPTURE(gan_step, mlp_1200, [] { return mlp_gan({100, 1200, 1200, 784}, {784, 240, 240, 1}); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 128})
    ->Args({2, 128})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gan_step, mlp_256, [] { return mlp_gan({100, 128, 256, 784}, {784, 256, 128, 1}); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 64})
    ->Args({2, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
// Both memory formats: the faster one counts as libtorch's time.
BENCHMARK_CAPTURE(gan_step, dcgan_16, [] { return dcgan(16, false); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 100})
    ->Args({2, 100})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gan_step, dcgan_16_channels_last, [] { return dcgan(16, true); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 100})
    ->Args({2, 100})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gan_step, dcgan_64, [] { return dcgan(64, false); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 64})
    ->Args({2, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gan_step, dcgan_64_channels_last, [] { return dcgan(64, true); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 64})
    ->Args({2, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void generate(benchmark::State& state, Gan (*make)()) {
    set_threads(state);
    torch::NoGradGuard no_grad;
    torch::nn::Sequential g = make().g;
    g->eval();
    const torch::Tensor z = torch::randn({state.range(1), 100});
    for (auto _ : state) benchmark::DoNotOptimize(g->forward(z).data_ptr());
}
BENCHMARK_CAPTURE(generate, mlp_1200, [] { return mlp_gan({100, 1200, 1200, 784}, {784, 240, 240, 1}); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({1, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(generate, mlp_256, [] { return mlp_gan({100, 128, 256, 784}, {784, 256, 128, 1}); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 1})
    ->Args({1, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(generate, dcgan_64, [] { return dcgan(64, false); })
    ->ArgNames({"threads", "batch"})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({1, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
BENCHMARK_MAIN();
