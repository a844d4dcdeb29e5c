// The cost of an iteration, as --dry-run prints it, against an iteration that runs.
#include "gan/run.hpp"
#include "gan/trainer.hpp"
#include "program/cost_text.hpp"
#include "recipes/gan_mnist_dcgan.hpp"
#include "recipes/gan_mnist_mlp.hpp"
#include "support/catch.hpp"
#include <gantry/gantry.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

using namespace gantry;

namespace {

template <class Recipe>
void check_cost(int batch, const gan::GanOptions& options) {
    CAPTURE(Recipe::name, options.k);
    using Item = typename Recipe::Discriminator::Input;
    Cpu device;
    Network<typename Recipe::Generator, Cpu> generator{device, Seed{1}};
    Network<typename Recipe::Discriminator, Cpu> discriminator{device, Seed{2}};
    auto generator_optimizer = Recipe::generator_optimizer(generator);
    auto discriminator_optimizer = Recipe::discriminator_optimizer(discriminator);
    gan::GanTrainer trainer{generator,
                            discriminator,
                            generator_optimizer,
                            discriminator_optimizer,
                            gan::AnyObjective(options.objective, options.real_label),
                            gan::trainer_options<Recipe>(options, batch, Seed{3})};
    const auto count = static_cast<std::size_t>(batch);
    const std::vector<std::uint8_t> pixels(count * Item::sample_size, 100);
    Batches<float> batches(pixels, Item::sample_size, {}, {.batch = count});
    trainer.step(batches);
    trainer.step(batches);

    const StepCost cost = gan::iteration_cost<Recipe>(options, batch);
    // Samples for the fixed latent points, which the trainer draws when it is made, take less.
    CHECK(device.arena().peak() == cost.step_bytes);
    CHECK(device.tape().peak_bytes() == cost.tape_bytes);
    CHECK(device.persistent_bytes() == cost.persistent_bytes);
}

}  // namespace

TEST_CASE("The cost of an iteration in the model card is that of the iteration", "") {
    check_cost<recipes::mnist_mlp::FluxGan>(3, {});
    check_cost<recipes::mnist_mlp::Goodfellow>(3, {.k = 2});
    check_cost<recipes::mnist_dcgan::Dcgan>(3, {});
    // Each further update of the discriminator costs the same.
    const auto flops = [](int k) {
        return gan::iteration_cost<recipes::mnist_mlp::Goodfellow>({.k = k}, 3).flops;
    };
    CHECK(flops(3) - flops(2) == flops(2) - flops(1));
}

TEST_CASE("The cost of an iteration as text", "") {
    const StepCost cost{.flops = 1'264'000'000,
                        .launches = 61,
                        .step_bytes = 3'210'000,
                        .persistent_bytes = 59'760'000,
                        .tape_bytes = 1};
    CHECK(program::cost_text(cost) ==
          "an iteration: 1.26 GFLOP in 61 kernels; 3.2 MB of activations and their gradients; 59.8 MB of "
          "parameters, gradients, moments and states");
}
