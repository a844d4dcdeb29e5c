#pragma once
#include "objectives.hpp"
#include "penalties.hpp"
#include "program/cost_text.hpp"
#include "program/device.hpp"
#include "program/program.hpp"
#include "program/sheet.hpp"
#include "recipe.hpp"
#include "trainer.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry::gan {

/// Options of programs that train a GAN, in addition to program::Options.
struct GanOptions {
    std::string objective = "non-saturating";  ///< one of AnyObjective::names
    double real_label = 1;                     ///< label of real samples; below 1: one-sided label smoothing
    int k = 1;                                 ///< updates of the discriminator per update of the generator
    std::string penalty = "none";              ///< one of AnyPenalty::names
    double penalty_weight = 10;
    int penalty_every = 1;      ///< see TrainerOptions
    double average_decay = 0;   ///< see TrainerOptions
    double generator_rate = 0;  ///< learning rate; 0: the recipe's
    double discriminator_rate = 0;
};

template <class Recipe>
TrainerOptions trainer_options(const GanOptions& gan, int batch, Seed seed) {
    return {.batch = batch,
            .discriminator_steps = gan.k,
            .updates = Recipe::settings.updates,
            .noise = Recipe::settings.noise,
            .penalty_every = gan.penalty_every,
            .average_decay = gan.average_decay,
            .fixed_points = program::sheet_side * program::sheet_side,
            .seed = seed};
}

/// The networks, optimizers and trainer of a recipe, on a device of type D.
template <class Recipe, class D>
class GanExperiment final : public program::Experiment {
public:
    GanExperiment(const program::Options& options, const GanOptions& gan, const LabelledImages& data)
        : images_(data.images),
          k_(static_cast<std::uint64_t>(gan.k)),
          has_penalty_(AnyPenalty(gan.penalty).active()),
          has_average_(gan.average_decay > 0),
          batches_per_iteration_(k_ + (compares_alone(gan) ? 1 : 0)),
          device_text_(program::device_text<D>(options)),
          device_(program::make_device<D>(options)),
          generator_(device_, program::seed_for(Seed{options.seed}, "generator")),
          discriminator_(device_, program::seed_for(Seed{options.seed}, "discriminator")),
          generator_optimizer_(Recipe::generator_optimizer(generator_)),
          discriminator_optimizer_(Recipe::discriminator_optimizer(discriminator_)),
          batches_(program::make_batches<Item>(device_, data.images,
                                               program::batch_options(options, Recipe::settings.range))),
          trainer_(generator_, discriminator_, generator_optimizer_, discriminator_optimizer_,
                   AnyObjective(gan.objective, gan.real_label),
                   trainer_options<Recipe>(gan, options.batch, Seed{options.seed}),
                   AnyPenalty(gan.penalty, gan.penalty_weight)) {
        RandomStream stream(Seed{options.seed}, "initialisation of the recipe");
        Recipe::initialize(generator_, discriminator_, data.images, stream);
        if (gan.generator_rate != 0) generator_optimizer_.set_learning_rate(gan.generator_rate);
        if (gan.discriminator_rate != 0) discriminator_optimizer_.set_learning_rate(gan.discriminator_rate);
    }

    void step() override { trainer_.step(batches_); }
    std::vector<std::vector<double>> take_metrics() override {
        std::vector<std::vector<double>> metrics;
        for (const GanLosses& losses : trainer_.take_losses()) {
            metrics.push_back({losses.discriminator, losses.generator, losses.real_score, losses.fake_score});
            if (has_penalty_) metrics.back().push_back(losses.penalty);
        }
        return metrics;
    }
    std::uint64_t metrics_every() const override { return D::asynchronous ? 50 : 1; }
    std::string result() const override { return "generator"; }
    std::string result_part() const override { return has_average_ ? "average" : "generator"; }
    std::uint64_t iterations() const override { return trainer_.iterations(); }
    /// The generator's samples for the fixed latent points.
    io::Image draw() override {
        return grid(trainer_.samples(), images_.height, images_.width, images_.channels,
                    program::sheet_options(images_, Recipe::settings.range));
    }
    std::map<std::string, std::string> record() const override { return {{"device", device_text_}}; }
    void serialize(CheckpointWriter& checkpoint) override { serialize_all(checkpoint); }
    void serialize(CheckpointReader& checkpoint) override { serialize_all(checkpoint); }

private:
    using Generator = Network<typename Recipe::Generator, D>;
    using Discriminator = Network<typename Recipe::Discriminator, D>;
    using GeneratorOptimizer = decltype(Recipe::generator_optimizer(std::declval<Generator&>()));
    using DiscriminatorOptimizer = decltype(Recipe::discriminator_optimizer(std::declval<Discriminator&>()));
    using Item = typename Recipe::Discriminator::Input;
    /// Whether the generator's update draws its own real samples, apart from the discriminator's.
    static bool compares_alone(const GanOptions& gan) {
        return AnyObjective(gan.objective, gan.real_label).compares() &&
               Recipe::settings.updates == Updates::alternating;
    }
    template <class Checkpoint>
    void serialize_all(Checkpoint& checkpoint) {
        trainer_.serialize(checkpoint);
        checkpoint.batches("data", batches_);
        checkpoint.proportional("optimizer.generator.updates", 1, "iterations");
        checkpoint.proportional("optimizer.discriminator.updates", k_, "iterations");
        checkpoint.proportional("random.noise", trainer_.noise_blocks(), "iterations");
        checkpoint.proportional("data.position", batches_per_iteration_, "iterations");
    }

    const Images& images_;
    std::uint64_t k_;  ///< updates of the discriminator per update of the generator
    bool has_penalty_, has_average_;
    std::uint64_t batches_per_iteration_;  ///< of real images
    std::string device_text_;
    D device_;
    Generator generator_;
    Discriminator discriminator_;
    GeneratorOptimizer generator_optimizer_;
    DiscriminatorOptimizer discriminator_optimizer_;
    decltype(program::make_batches<Item>(std::declval<D&>(), std::declval<const Images&>(), {})) batches_;
    GanTrainer<Generator, Discriminator, GeneratorOptimizer, DiscriminatorOptimizer, AnyObjective, AnyPenalty>
        trainer_;
};

/// What an iteration of GanExperiment costs on the CPU with batches of that many images.
template <class Recipe>
StepCost iteration_cost(const GanOptions& gan, int batch) {
    struct HostBatches {
        struct Minibatch {
            std::span<const float> pixels;
        };
        std::vector<float> pixels;
        Minibatch next() const { return {pixels}; }
    };
    Meta device;
    Network<typename Recipe::Generator, Meta> generator{device, Seed{}};
    Network<typename Recipe::Discriminator, Meta> discriminator{device, Seed{}};
    auto generator_optimizer = Recipe::generator_optimizer(generator);
    auto discriminator_optimizer = Recipe::discriminator_optimizer(discriminator);
    GanTrainer trainer{generator,
                       discriminator,
                       generator_optimizer,
                       discriminator_optimizer,
                       AnyObjective(gan.objective, gan.real_label),
                       trainer_options<Recipe>(gan, batch, Seed{}),
                       AnyPenalty(gan.penalty, gan.penalty_weight)};
    const HostBatches batches{
        std::vector<float>(static_cast<std::size_t>(batch) * Recipe::Discriminator::Input::sample_size)};
    return step_cost(device, [&] { trainer.step(batches); });
}

/// A GAN's recipe without its type. `gan` is read when the experiment begins, after the options are parsed.
template <class Recipe>
program::AnyRecipe any_recipe(const GanOptions& gan) {
    static_assert(gan::Recipe<Recipe>,
                  "gantry: a recipe has name, settings, Generator, Discriminator, initialize and two "
                  "optimizers: see gan/recipe.hpp");
    return {
        .name = std::string(Recipe::name),
        .iterations = Recipe::settings.iterations,
        .batch = Recipe::settings.batch,
        .classes = std::string(Recipe::settings.classes),
        .input = Recipe::Discriminator::Input::extents(Batch),
        .parameters = "generator " + std::to_string(Recipe::Generator::parameter_count) +
                      " and discriminator " + std::to_string(Recipe::Discriminator::parameter_count) +
                      " parameters",
        .summary =
            [&gan](const program::Options& options) {
                return "Generator\n" + Recipe::Generator::summary() + "\nDiscriminator\n" +
                       Recipe::Discriminator::summary() + "\nobjective " + gan.objective + ", " +
                       std::to_string(gan.k) + " discriminator update(s) per generator update, " +
                       (gan.penalty == "none" ? "" : "penalty " + gan.penalty + ", ") +
                       (Recipe::settings.updates == Updates::simultaneous ? "simultaneous" : "alternating") +
                       '\n' + program::cost_text(iteration_cost<Recipe>(gan, options.batch));
            },
        .begin = [&gan](const program::Options& options,
                        const LabelledImages& data) -> std::unique_ptr<program::Experiment> {
            return program::on_device(
                options, [&]<class D>(std::type_identity<D>) -> std::unique_ptr<program::Experiment> {
                    return std::make_unique<GanExperiment<Recipe, D>>(options, gan, data);
                });
        }};
}

// clang-format off
/// A program that trains GANs. `program` sets name, description and source.
///     int main(int argc, char** argv) {
///         return gan::run<FluxGan, Goodfellow>(
///             argc, argv,
///             {.name = "gan_mnist_mlp", .description = "Trains a GAN.", .dataset = program::mnist()});
///     }
// clang-format on
template <class... Recipes>
int run(int argc, const char* const* argv, program::Program program) {
    GanOptions gan;
    program.recipes = {any_recipe<Recipes>(gan)...};
    program.metrics = {{"discriminator_loss", "D loss", 3, "#7b3fa0"},
                       {"generator_loss", "G loss", 3, "#2a8a3e"},
                       {"real_score", "D(x)", 2},
                       {"fake_score", "D(G(z))", 2}};
    program.add_options = [&](program::CommandLine& command_line) {
        command_line.add("--objective", gan.objective, "Objective of both networks",
                         {AnyObjective::names.begin(), AnyObjective::names.end()});
        command_line.add("--real-label", gan.real_label,
                         "Label of real images; below 1: one-sided label smoothing");
        command_line.add("--penalty", gan.penalty, "Gradient penalty of the discriminator",
                         {AnyPenalty::names.begin(), AnyPenalty::names.end()});
        command_line.add("--penalty-weight", gan.penalty_weight, "Weight of the penalty");
        command_line.add(
            "--penalty-every", gan.penalty_every,
            "Compute the penalty in every N-th discriminator update only, with N times the weight", 1);
        command_line.add("--ema", gan.average_decay,
                         "Decay of a moving average of the generator, which draws the samples; 0: none");
        command_line.add("--lr-g", gan.generator_rate, "Learning rate of the generator; 0: the recipe's");
        command_line.add("--lr-d", gan.discriminator_rate,
                         "Learning rate of the discriminator; 0: the recipe's");
        command_line.add("--k", gan.k, "Discriminator updates per generator update", 1);
    };
    program.check_options = [&] {
        AnyObjective(gan.objective, gan.real_label);
        AnyPenalty(gan.penalty, gan.penalty_weight);
    };
    program.complete = [&](program::Program& complete) {
        if (AnyPenalty(gan.penalty).active()) complete.metrics.push_back({"penalty", "penalty", 3});
    };
    return run(argc, argv, program);
}

}  // namespace gantry::gan
