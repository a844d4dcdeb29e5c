// The work of bench/gan_step.cpp in libtorch, under the same names. Discriminator parameters are told not to
// require gradients in the generator's update, so that libtorch does no work that gantry does not do.
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

void gan_step(benchmark::State& state, const Widths& g_widths, const Widths& d_widths) {
    set_threads(state);
    const std::int64_t batch = state.range(1);
    torch::nn::Sequential g = mlp(g_widths, true), d = mlp(d_widths, false);
    const auto options = torch::optim::AdamOptions(2e-4).betas({0.5, 0.999});
    torch::optim::Adam g_optimizer(g->parameters(), options), d_optimizer(d->parameters(), options);
    const torch::Tensor real = torch::rand({batch, 784}) * 2 - 1;
    const torch::Tensor ones = torch::ones({batch, 1}), zeros = torch::zeros({batch, 1});
    const auto freeze = [&](bool frozen) {
        for (auto& p : d->parameters()) p.requires_grad_(!frozen);
    };
    const auto step = [&] {
        d_optimizer.zero_grad();
        torch::binary_cross_entropy_with_logits(d->forward(real), ones).backward();
        const torch::Tensor fake = g->forward(torch::randn({batch, g_widths.front()}));
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
BENCHMARK_CAPTURE(gan_step, mlp_1200, Widths{100, 1200, 1200, 784}, Widths{784, 240, 240, 1})
    ->ArgNames({"threads", "batch"})
    ->Args({1, 128})
    ->Args({2, 128})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gan_step, mlp_256, Widths{100, 128, 256, 784}, Widths{784, 256, 128, 1})
    ->ArgNames({"threads", "batch"})
    ->Args({1, 64})
    ->Args({2, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void generate(benchmark::State& state, const Widths& widths) {
    set_threads(state);
    torch::NoGradGuard no_grad;
    torch::nn::Sequential g = mlp(widths, true);
    g->eval();
    const torch::Tensor z = torch::randn({state.range(1), widths.front()});
    for (auto _ : state) benchmark::DoNotOptimize(g->forward(z).data_ptr());
}
BENCHMARK_CAPTURE(generate, mlp_1200, Widths{100, 1200, 1200, 784})
    ->ArgNames({"threads", "batch"})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({1, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(generate, mlp_256, Widths{100, 128, 256, 784})
    ->ArgNames({"threads", "batch"})
    ->Args({1, 1})
    ->Args({1, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
BENCHMARK_MAIN();
