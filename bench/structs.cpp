// What it costs to write a chain of layers as a struct: the same training step of the same networks, as
// Sequentials and as structs. The steps alternate, so that a busy machine slows both alike; "struct /
// Sequential" is the ratio of the least times of a run.
#include <gantry/gantry.hpp>

#include <algorithm>
#include <array>
#include <chrono>

#include <benchmark/benchmark.h>

using namespace gantry;

namespace {

// A step of microseconds, in which any overhead shows, and one of milliseconds.
using SmallChain = Sequential<Dense<8, 16>, LeakyReLU<0.2>, Dense<16, 16>, LeakyReLU<0.2>, Dense<16, 16>,
                              LeakyReLU<0.2>, Dense<16, 1>>;
struct SmallStruct {
    Fused<Dense<8, 16>, LeakyReLU<0.2>> first;
    std::array<Fused<Dense<16, 16>, LeakyReLU<0.2>>, 2> middle;
    Dense<16, 1> last;

    auto operator()(const auto& x) const { return last(middle[1](middle[0](first(x)))); }
};
constexpr Conv2dOptions halve{.size = 4, .stride = 2, .padding = 1};
using ConvChain =
    Sequential<Conv2d<3, 32, halve>, LeakyReLU<0.2>, Conv2d<32, 64, halve>, BatchNorm<64>, LeakyReLU<0.2>,
               Conv2d<64, 128, halve>, BatchNorm<128>, LeakyReLU<0.2>, GlobalAvgPool2d, Dense<128, 1>>;
struct ConvStruct {
    Fused<Conv2d<3, 32, halve>, LeakyReLU<0.2>> conv1;
    Conv2d<32, 64, halve> conv2;
    Fused<BatchNorm<64>, LeakyReLU<0.2>> norm2;
    Conv2d<64, 128, halve> conv3;
    Fused<BatchNorm<128>, LeakyReLU<0.2>> norm3;
    Dense<128, 1> head;

    auto operator()(const auto& image) const {
        return head(global_avg_pool2d(norm3(conv3(norm2(conv2(conv1(image)))))));
    }
};

template <class Architecture, class S>
class TrainingStep {
public:
    explicit TrainingStep(int batch) : input_(uniform<S>(device_, batch, data_, -1, 1)) {
        device_.end_step();
    }
    /// Seconds of a step.
    double operator()() {
        const auto begin = std::chrono::steady_clock::now();
        const Step step{device_};
        const auto loss = mean(square(network_(input_.get())));
        adam_.step(backward(loss, network_));
        benchmark::DoNotOptimize(loss.data());
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }

private:
    Cpu device_{CpuOptions{1}};
    Network<Architecture, Cpu> network_{device_, Seed{1}};
    Adam<Network<Architecture, Cpu>> adam_{network_, {}};
    RandomStream data_{Seed{2}, "data"};
    PersistentTensor<S, float, Cpu> input_;
};

template <class Chain, class Struct, class S>
void struct_step(benchmark::State& state) {
    const int batch = static_cast<int>(state.range(0));
    TrainingStep<Chain, S> chain(batch);
    TrainingStep<Struct, S> of_struct(batch);
    double chain_least = 1e9, struct_least = 1e9;
    for (int i = 0; i < 3; ++i) {
        chain();
        of_struct();
    }
    for (auto _ : state) {
        chain_least = std::min(chain_least, chain());
        struct_least = std::min(struct_least, of_struct());
    }
    state.counters["Sequential_us"] = 1e6 * chain_least;
    state.counters["struct_us"] = 1e6 * struct_least;
    state.counters["struct / Sequential"] = struct_least / chain_least;
}
BENCHMARK(struct_step<SmallChain, SmallStruct, Shape<Batch, 8>>)->Name("struct_step/small")->Arg(4);
BENCHMARK(struct_step<ConvChain, ConvStruct, Shape<Batch, 32, 32, 3>>)
    ->Name("struct_step/convolutions")
    ->Arg(16);

}  // namespace
