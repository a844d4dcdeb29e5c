#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include "support/eigen_kernels.hpp"
#include <gantry/gantry.hpp>
#include <gantry/optim/adam.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace gantry::test {
namespace {

using Generator = Sequential<Dense<10, 64>, BatchNorm<64>, ReLU, Dense<64, 48>, Tanh>;
using Discriminator = Sequential<Maxout<Dense<48, 40>, 3>, Dropout<0.3f>, Dense<40, 20>, ELU<>, Dense<20, 1>>;

constexpr Conv2dOptions half{.size = 4, .stride = 2, .padding = 1}, same{.size = 3, .padding = 1};
using ConvolutionalGenerator =
    Sequential<Dense<10, 48>, Reshape<4, 4, 3>, ConvTranspose2d<3, 20, half>, BatchNorm<20>, ReLU,
               PoolUnpool2d<Pool2dOptions{.size = 2}, Conv2d<20, 20, same>, ReLU>, Conv2d<20, 3, same>,
               Upsample<1>, Tanh, Flatten>;
using ConvolutionalDiscriminator =
    Sequential<InputShape<192>, Reshape<8, 8, 3>, Maxout<Conv2d<3, 18, same>, 2>,
               MaxPool2d<Pool2dOptions{.size = 2}>, Conv2d<18, 5, half>, AvgPool2d<Pool2dOptions{.size = 2}>,
               Flatten, SpectralNorm<Dense<5, 1>>>;

struct StructGenerator {
    Dense<10, 64> first;
    std::array<Fused<BatchNorm<64>, ReLU>, 2> norms;
    Dense<64, 48> last;

    auto operator()(const auto& z) const { return tanh(last(norms[1](norms[0](first(z))))); }
};
struct StructDiscriminator {
    Fused<SpectralNorm<Dense<48, 40>>, ELU<>> body;
    Dropout<0.3> dropout;
    Dense<40, 1> head;

    auto operator()(const auto& x) const {
        const auto features = dropout(body(x));
        return head(features) + reshape<Shape<Batch, 1>>(mean_over<1>(features));
    }
};

/// Allocations in each of four steps of a GAN with a gradient penalty.
template <class G, class C, class D>
std::vector<std::size_t> allocations_of_steps(D& device) {
    Network<G, D> generator{device, Seed{1}};
    Network<C, D> discriminator{device, Seed{2}};
    Adam generator_optimizer{generator};
    Adam discriminator_optimizer{discriminator};
    RandomStream noise(Seed{3}, "noise");
    const std::vector<std::int32_t> labels(70, 3);
    std::vector<std::size_t> counts(4);
    for (std::size_t& count : counts) {
        const std::size_t before = allocations;
        {
            const Step step{device};
            const auto fake = frozen(generator)(normal<Shape<Batch, 10>>(device, 70, noise));
            const auto x = variable(fake);
            const auto slope = grad(sum(discriminator(x)), x, {.create_graph = true});
            const auto penalty = mean(square(sum_per_sample(square(slope)) - 1));
            discriminator_optimizer.step(
                backward(bce_with_logits(discriminator(fake), 0) + penalty, discriminator));
        }
        {
            const Step step{device};
            const auto fake = generator(normal<Shape<Batch, 10>>(device, 70, noise));
            const auto classes =
                softmax_cross_entropy(slice<0, 5>(fake), from_host<Shape<Batch>>(device, 70, labels));
            generator_optimizer.step(
                backward(bce_with_logits(frozen(discriminator)(fake), 1) + classes, generator));
        }
        count = allocations - before;
    }
    return counts;
}

}  // namespace

TEMPLATE_TEST_CASE("a training step allocates nothing from the second on", "[autograd][threads]",
                   (std::pair<Generator, Discriminator>),
                   (std::pair<ConvolutionalGenerator, ConvolutionalDiscriminator>),
                   (std::pair<StructGenerator, StructDiscriminator>)) {
    using G = typename TestType::first_type;
    using C = typename TestType::second_type;
    for (const int threads : {1, 2}) {
        Cpu device{{.threads = threads}};
        const auto counts = allocations_of_steps<G, C>(device);
        CAPTURE(threads, counts);
        CHECK((counts[0] > 0 || !counts_allocations));
        CHECK(counts[1] == 0);
        CHECK(counts[2] == 0);
        CHECK(counts[3] == 0);
    }
}

TEST_CASE("nor on another device", "[autograd]") {
    EigenCpu device;
    CHECK(allocations_of_steps<Generator, Discriminator>(device)[3] == 0);
}

}  // namespace gantry::test
