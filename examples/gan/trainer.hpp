#pragma once
#include "noise.hpp"
#include "objectives.hpp"
#include <gantry/core/device.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/random.hpp>
#include <gantry/network/network.hpp>
#include <gantry/optim/optimizer.hpp>
#include <gantry/tensor/scalar_log.hpp>
#include <gantry/tensor/tensor.hpp>

#include <cstdint>
#include <type_traits>
#include <vector>

namespace gantry::gan {

/// When the generator is updated.
enum class Updates {
    alternating,   ///< after the discriminator, against its new parameters: Algorithm 1
    simultaneous,  ///< together with the discriminator's last update, from the same parameters and generated
                   ///< samples, as in Goodfellow's code
};

/// Options of GanTrainer.
struct TrainerOptions {
    int batch = 64;  ///< m: generated samples per update; the size of real batches is up to the data
    int discriminator_steps = 1;             ///< k: updates of the discriminator per update of the generator
    Updates updates = Updates::alternating;  ///< when the generator is updated
    Noise noise = Noise::normal;             ///< distribution of latent points
    int fixed_points = 64;                   ///< latent points that `samples` generates from
    int kept_losses = 256;                   ///< iterations whose losses are kept until take_losses
    Seed seed{};                             ///< of the noise and the fixed points
};

/// Losses and scores of one iteration. Those of the discriminator are means over its k updates, each measured
/// before the update.
struct GanLosses {
    double discriminator = 0, generator = 0;
    double real_score = 0, fake_score = 0;  ///< mean D(x) and D(G(z))

    bool operator==(const GanLosses&) const = default;
};

/// Trains two networks against each other: Algorithm 1 of Goodfellow et al., "Generative adversarial nets"
/// (2014). Does not own the networks and optimizers; they must outlive it.
///     GanTrainer trainer{generator, discriminator, generator_adam, discriminator_adam, NonSaturating{}};
///     for (int i = 0; i < 10'000; ++i) trainer.step(batches);
///     for (const GanLosses& losses : trainer.take_losses()) ...
template <class Generator, class Discriminator, class GeneratorOptimizer, class DiscriminatorOptimizer,
          class Objective>
class GanTrainer {
    using Latent = typename Generator::Architecture::Input;
    using Item = typename Discriminator::Architecture::Input;
    using Scalar = typename Generator::scalar;
    using DeviceType = typename Generator::device_type;
    static_assert(std::is_same_v<DeviceType, typename Discriminator::device_type> &&
                      std::is_same_v<Scalar, typename Discriminator::scalar>,
                  "gantry: generator and discriminator must share device type and scalar");
    static_assert(gan::Objective<Objective, Variable<Shape<Batch, 1>, Scalar, DeviceType>>,
                  "gantry: an objective has discriminator(real, fake) and generator(fake), both scalars, and "
                  "score(outputs): see gan/objectives.hpp");
    static_assert(optim::OptimizerOf<GeneratorOptimizer, Generator> &&
                      optim::OptimizerOf<DiscriminatorOptimizer, Discriminator>,
                  "gantry: each optimizer must be one of its network: Adam generator_adam{generator}");

public:
    /// Errors: options out of range; networks on two devices.
    GanTrainer(Generator& generator, Discriminator& discriminator, GeneratorOptimizer& generator_optimizer,
               DiscriminatorOptimizer& discriminator_optimizer, const Objective& objective,
               const TrainerOptions& options = {})
        : device_(generator.device()),
          generator_(generator),
          discriminator_(discriminator),
          generator_optimizer_(generator_optimizer),
          discriminator_optimizer_(discriminator_optimizer),
          objective_(objective),
          options_(checked(options)),
          losses_(device_, rated * static_cast<std::size_t>(options.discriminator_steps) + 1,
                  static_cast<std::size_t>(options.kept_losses)),
          noise_(options.seed, "noise"),
          fixed_points_(draw_fixed_points()) {
        if (&discriminator.device() != &device_)
            fail("GanTrainer", "generator and discriminator must be on the same device object");
    }

    /// Runs one iteration; a GPU captures and launches it as a graph. `data.next().pixels` is a batch of real
    /// samples, (batch, ...) in row-major order: a tensor of the step, or values on the host. From the second
    /// call on nothing is allocated, and the host does not wait for the device.
    template <class Data>
    void step(Data& data) {
        losses_.begin_row();
        device_.run_as_graph([&] { iterate(data); });
        losses_.end_row();
        ++iterations_;
    }

    /// Losses of the iterations since the last call, oldest first, but only of the last
    /// TrainerOptions::kept_losses. Waits for the device.
    std::vector<GanLosses> take_losses() {
        std::vector<GanLosses> result;
        for (const auto& row : losses_.take()) {
            const double k = options_.discriminator_steps;
            GanLosses& losses = result.emplace_back();
            for (std::size_t i = 0; i + 1 < row.size(); i += rated) {
                losses.discriminator += row[i] / k;
                losses.real_score += row[i + 1] / k;
                losses.fake_score += row[i + 2] / k;
            }
            losses.generator = row.back();
        }
        return result;
    }

    /// Iterations done so far.
    std::uint64_t iterations() const { return iterations_; }

    /// Generates from the fixed latent points: (fixed_points, ...). Runs the generator in training mode, as
    /// the discriminator sees it, with batch-norm statistics of these points. (Running statistics lag behind
    /// while the generator changes fast.) Restores states and random streams: the run is not affected, and
    /// repeated calls return the same samples.
    std::vector<Scalar> samples() {
        const auto states = generator_.states().to_host();
        const RandomStream dropout = generator_.dropout_stream();
        const Step step{device_};
        const auto images = frozen(generator_)(fixed_points_.get()).to_host();
        generator_.states().from_host(states);
        generator_.dropout_stream() = dropout;
        return images;
    }

    /// Philox blocks that an iteration consumes from the noise stream.
    std::uint64_t noise_blocks() const {
        RandomStream stream;
        stream.take(static_cast<std::uint64_t>(options_.batch) * Latent::sample_size);
        const bool together = options_.updates == Updates::simultaneous;
        return stream.position *
               static_cast<std::uint64_t>(options_.discriminator_steps + (together ? 0 : 1));
    }

    /// Saves or loads all state that a run needs to continue bit for bit, except the position in the data.
    /// See CheckpointWriter and CheckpointReader.
    template <class Checkpoint>
    void serialize(Checkpoint& checkpoint) {
        checkpoint.network("generator", generator_);
        checkpoint.network("discriminator", discriminator_);
        checkpoint.optimizer("optimizer.generator", generator_optimizer_, generator_);
        checkpoint.optimizer("optimizer.discriminator", discriminator_optimizer_, discriminator_);
        checkpoint.stream("random.noise", noise_);
        checkpoint.buffer("fixed_points", fixed_points_.buffer());
        checkpoint.number("iterations", iterations_);
    }

private:
    template <class Data>
    void iterate(Data& data) {
        const bool together = options_.updates == Updates::simultaneous;
        const int alone = options_.discriminator_steps - (together ? 1 : 0);

        // k times: bring the discriminator closer to the optimum against the current generator.
        for (int i = 0; i < alone; ++i) update_discriminator(data);
        // Once: move the generator towards samples that this discriminator accepts as real.
        if (together)
            update_both(data);
        else
            update_generator();
    }

    template <class Data>
    void update_discriminator(Data& data) {
        const Step step{device_};
        const auto z = sample_noise(noise_, options_.batch);
        const auto fake = frozen(generator_)(z);
        static_assert(!decltype(fake)::recorded,
                      "gantry: the discriminator's step must not reach the generator");

        const auto real_outputs = discriminator_(real_items(data));
        const auto fake_outputs = discriminator_(fake);
        const auto loss = objective_.discriminator(real_outputs, fake_outputs);
        discriminator_optimizer_.step(backward(loss, discriminator_));

        losses_.add(detach(loss), score(real_outputs), score(fake_outputs));
    }

    void update_generator() {
        const Step step{device_};
        // Fresh points: the discriminator has just been fitted to the last ones.
        const auto z = sample_noise(noise_, options_.batch);
        // Gradients flow through the frozen discriminator; none are computed for its parameters.
        const auto fake_outputs = frozen(discriminator_)(generator_(z));
        const auto loss = objective_.generator(fake_outputs);
        generator_optimizer_.step(backward(loss, generator_));

        losses_.add(detach(loss));
    }

    template <class Data>
    void update_both(Data& data) {
        const Step step{device_};
        const auto z = sample_noise(noise_, options_.batch);
        // One forward pass serves both: `backward` visits only the part of the tape that leads to its
        // network.
        const auto real_outputs = discriminator_(real_items(data));
        const auto fake_outputs = discriminator_(generator_(z));
        const auto discriminator_loss = objective_.discriminator(real_outputs, fake_outputs);
        const auto generator_loss = objective_.generator(fake_outputs);
        // Compute both gradients first, so that neither update affects the other.
        const auto discriminator_gradients = backward(discriminator_loss, discriminator_);
        const auto generator_gradients = backward(generator_loss, generator_);
        discriminator_optimizer_.step(discriminator_gradients);
        generator_optimizer_.step(generator_gradients);

        losses_.add(detach(discriminator_loss), score(real_outputs), score(fake_outputs),
                    detach(generator_loss));
    }

    template <class Outputs>
    auto score(const Outputs& outputs) {
        return mean(objective_.score(detach(outputs)));
    }

    auto sample_noise(RandomStream& stream, int count) {
        return latent_points<Latent, Scalar>(device_, count, options_.noise, stream);
    }
    template <class Data>
    auto real_items(Data& data) {
        const auto batch = data.next();
        const auto& pixels = batch.pixels;
        if constexpr (AnyTensor<std::remove_cvref_t<decltype(pixels)>>)
            return pixels;
        else
            return from_host<Item>(device_, static_cast<int>(pixels.size() / Item::sample_size), pixels);
    }
    auto draw_fixed_points() {
        const Step step{device_};
        RandomStream stream(options_.seed, "fixed latent points");
        return PersistentTensor<Latent, Scalar, DeviceType>(sample_noise(stream, options_.fixed_points));
    }
    static TrainerOptions checked(TrainerOptions options) {
        if (options.batch < 1) fail("GanTrainer", "the batch size must be at least 1", options.batch);
        if (options.discriminator_steps < 1)
            fail("GanTrainer", "k, the number of discriminator updates, must be at least 1",
                 options.discriminator_steps);
        if (options.kept_losses < 1)
            fail("GanTrainer", "kept_losses must be at least 1", options.kept_losses);
        return options;
    }

    DeviceType& device_;
    Generator& generator_;
    Discriminator& discriminator_;
    GeneratorOptimizer& generator_optimizer_;
    DiscriminatorOptimizer& discriminator_optimizer_;
    Objective objective_;
    TrainerOptions options_;
    static constexpr std::size_t rated = 3;  ///< values logged per update of the discriminator
    ScalarLog<Scalar, DeviceType> losses_;
    RandomStream noise_;
    PersistentTensor<Latent, Scalar, DeviceType> fixed_points_;
    std::uint64_t iterations_ = 0;
};

}  // namespace gantry::gan
