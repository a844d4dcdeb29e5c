// Each op as a user calls it: forward on a tensor, and forward plus backward on a variable, at the sizes of
// an MLP GAN (128 samples of 1200 features). `overhead` is the smallest possible op: the cost of recording
// and replaying.
#include <gantry/gantry.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

using namespace gantry;

namespace {

constexpr int batch = 128;
using X = Shape<Batch, 1200>;

/// Inputs that persist between steps.
struct Inputs {
    Cpu device{{1}};
    RandomStream stream{Seed{1}, "bench"};
    PersistentTensor<X, float, Cpu> x{uniform<X>(device, batch, stream, -1, 1)};
    PersistentTensor<X, float, Cpu> y{uniform<X>(device, batch, stream, 0, 1)};
    PersistentTensor<Shape<1200, 1200>, float, Cpu> w{
        uniform<Shape<1200, 1200>>(device, 0, stream, -0.03, 0.03)};
    PersistentTensor<Shape<1200>, float, Cpu> b{uniform<Shape<1200>>(device, 0, stream, -1, 1)};
    PersistentTensor<Shape<1200>, float, Cpu> mean{filled<Shape<1200>>(device, 0, 0)},
        variance{filled<Shape<1200>>(device, 0, 1)};
    PersistentTensor<Shape<Batch, 10>, float, Cpu> logits{
        uniform<Shape<Batch, 10>>(device, batch, stream, -3, 3)};
    PersistentTensor<Shape<Batch, 1>, float, Cpu> score{
        uniform<Shape<Batch, 1>>(device, batch, stream, -3, 3)};
    RandomStream dropout{Seed{2}, "dropout"};

    Inputs() { device.end_step(); }
};

template <class F>
void forward(benchmark::State& state, const F& f) {
    Inputs in;
    for (auto _ : state) {
        Step step{in.device};
        benchmark::DoNotOptimize(f(in, [](const auto& kept) { return kept.get(); }).data());
    }
}
/// Computes the gradients of all inputs that f requests through its second argument.
template <class F>
void backward(benchmark::State& state, const F& f) {
    Inputs in;
    for (auto _ : state) {
        Step step{in.device};
        std::vector<core::Node*> leaves;
        const auto recorded = [&](const auto& kept) {
            const auto x = variable(kept.get());
            leaves.push_back(x.value().node);
            return x;
        };
        const auto y = f(in, recorded);
        gantry::ops::play_back(sum(y).value(), {.recorded = false, .write_through = false},
                               [&](const core::Node& node) {
                                   return std::find(leaves.begin(), leaves.end(), &node) != leaves.end();
                               });
        benchmark::DoNotOptimize(leaves.front()->gradient);
    }
}

template <class F>
void add(const char* name, const F& f) {
    const std::string text = name;
    benchmark::RegisterBenchmark((text + "/forward").c_str(), [f](benchmark::State& s) {
        forward(s, f);
    })->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark((text + "/with_backward").c_str(), [f](benchmark::State& s) {
        backward(s, f);
    })->Unit(benchmark::kMicrosecond);
}

const bool registered = [] {
    add("overhead", [](Inputs& in, auto take) { return sum(take(in.score)); });
    add("add", [](Inputs& in, auto take) { return take(in.x) + take(in.y); });
    add("multiply", [](Inputs& in, auto take) { return take(in.x) * take(in.y); });
    add("add_bias", [](Inputs& in, auto take) { return take(in.x) + take(in.b); });
    add("leaky_relu", [](Inputs& in, auto take) { return leaky_relu(take(in.x), 0.2); });
    add("elu", [](Inputs& in, auto take) { return elu(take(in.x)); });
    add("softplus", [](Inputs& in, auto take) { return softplus(take(in.x)); });
    add("sigmoid", [](Inputs& in, auto take) { return sigmoid(take(in.x)); });
    add("tanh", [](Inputs& in, auto take) { return tanh(take(in.x)); });
    add("sum_over_batch", [](Inputs& in, auto take) { return sum_over_batch(take(in.x)); });
    add("mean", [](Inputs& in, auto take) { return mean(take(in.x)); });
    add("concatenate", [](Inputs& in, auto take) { return concatenate(take(in.x), take(in.y)); });
    add("slice", [](Inputs& in, auto take) { return slice<100, 1000>(take(in.x)); });
    add("maxout", [](Inputs& in, auto take) { return maxout<5>(take(in.x)); });
    add("dropout", [](Inputs& in, auto take) { return dropout(take(in.x), 0.5, in.dropout); });
    add("affine", [](Inputs& in, auto take) { return affine(0, take(in.x), take(in.w), take(in.b)); });
    add("affine_tanh", [](Inputs& in, auto take) {
        return affine<contracts::ActivationKind::tanh>(0, take(in.x), take(in.w), take(in.b));
    });
    add("batch_norm", [](Inputs& in, auto take) {
        return batch_norm(take(in.x), take(in.b), take(in.b), in.mean.get(), in.variance.get());
    });
    add("bce_with_logits", [](Inputs& in, auto take) { return bce_with_logits(take(in.x), in.y.get()); });
    add("mse", [](Inputs& in, auto take) { return mse(take(in.x), in.y.get()); });
    add("softmax_cross_entropy", [](Inputs& in, auto take) {
        return softmax_cross_entropy(take(in.logits), softmax(in.logits.get()));
    });
    return true;
}();

}  // namespace
