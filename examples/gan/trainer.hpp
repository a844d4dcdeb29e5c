#pragma once
#include "noise.hpp"
#include "objectives.hpp"
#include "penalties.hpp"
#include <gantry/core/device.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/random.hpp>
#include <gantry/network/average.hpp>
#include <gantry/network/network.hpp>
#include <gantry/optim/optimizer.hpp>
#include <gantry/tensor/scalar_log.hpp>
#include <gantry/tensor/tensor.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
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
    /// Only every penalty_every-th update of the discriminator computes the penalty, with penalty_every times
    /// its weight. Source: Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020),
    /// section 3.1.
    int penalty_every = 1;
    /// Decay of a moving average of the generator, from which samples are drawn; 0: none. After n iterations
    /// it is at most (1 + n) / (10 + n), so that the average soon forgets the initial parameters.
    double average_decay = 0;
    int fixed_points = 64;  ///< latent points that `samples` generates from
    int kept_losses = 256;  ///< iterations whose losses are kept until take_losses
    Seed seed{};            ///< of the noise and the fixed points
};

/// Losses and scores of one iteration. Those of the discriminator are means over its k updates, each measured
/// before the update.
struct GanLosses {
    double discriminator = 0, generator = 0;
    double real_score = 0, fake_score = 0;  ///< mean D(x) and D(G(z))
    double penalty = 0;                     ///< weighted, as last computed; part of `discriminator`

    bool operator==(const GanLosses&) const = default;
};

/// Trains two networks against each other: Algorithm 1 of Goodfellow et al., "Generative adversarial nets"
/// (2014). Does not own the networks and optimizers; they must outlive it.
///     GanTrainer trainer{generator, discriminator, generator_adam, discriminator_adam, NonSaturating{}};
///     for (int i = 0; i < 10'000; ++i) trainer.step(batches);
///     for (const GanLosses& losses : trainer.take_losses()) ...
/// With a penalty of the discriminator (see penalties.hpp):
///     GanTrainer trainer{..., Wasserstein{}, TrainerOptions{.discriminator_steps = 5}, GradientPenalty{}};
template <class Generator, class Discriminator, class GeneratorOptimizer, class DiscriminatorOptimizer,
          class Objective, class Penalty = NoPenalty>
class GanTrainer {
    using Latent = typename Generator::Architecture::Input;
    using Item = typename Discriminator::Architecture::Input;
    using Scalar = typename Generator::scalar;
    using DeviceType = typename Generator::device_type;
    static_assert(std::is_same_v<DeviceType, typename Discriminator::device_type> &&
                      std::is_same_v<Scalar, typename Discriminator::scalar>,
                  "gantry: generator and discriminator must share device type and scalar");
    static_assert(gan::Objective<Objective, Variable<Shape<Batch, 1>, Scalar, DeviceType>>,
                  "gantry: an objective has discriminator(real, fake) and generator(fake) or generator(real, "
                  "fake), all scalars, and score(outputs): see gan/objectives.hpp");
    static_assert(optim::OptimizerOf<GeneratorOptimizer, Generator> &&
                      optim::OptimizerOf<DiscriminatorOptimizer, Discriminator>,
                  "gantry: each optimizer must be one of its network: Adam generator_adam{generator}");

public:
    /// Errors: options out of range; networks on two devices.
    GanTrainer(Generator& generator, Discriminator& discriminator, GeneratorOptimizer& generator_optimizer,
               DiscriminatorOptimizer& discriminator_optimizer, const Objective& objective,
               const TrainerOptions& options = {}, const Penalty& penalty = {})
        : device_(generator.device()),
          generator_(generator),
          discriminator_(discriminator),
          generator_optimizer_(generator_optimizer),
          discriminator_optimizer_(discriminator_optimizer),
          objective_(objective),
          penalty_(penalty),
          options_(checked(options)),
          losses_(device_, rated() * static_cast<std::size_t>(options.discriminator_steps) + 1,
                  static_cast<std::size_t>(options.kept_losses)),
          noise_(options.seed, "noise"),
          penalty_noise_(options.seed, "noise of the penalty"),
          last_penalty_(zero()),
          fixed_points_(draw_fixed_points()) {
        if (&discriminator.device() != &device_)
            fail("GanTrainer", "generator and discriminator must be on the same device object");
        if (options.average_decay > 0) average_.emplace(device_, Seed{});
    }

    /// Runs one iteration; a GPU captures and launches it as a graph. `data.next().pixels` is a batch of real
    /// samples, (batch, ...) in row-major order: a tensor of the step, or values on the host. It is called
    /// for each update of the discriminator, and if the objective compares outputs, also for the generator's
    /// (not with simultaneous updates). From the second call of `step` on nothing is allocated, and the host
    /// does not wait for the device.
    template <class Data>
    void step(Data& data) {
        start_average();
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
            for (std::size_t i = 0; i + 1 < row.size(); i += rated()) {
                losses.discriminator += row[i] / k;
                losses.real_score += row[i + 1] / k;
                losses.fake_score += row[i + 2] / k;
                if (has_penalty()) losses.penalty += row[i + 3] / k;
            }
            losses.generator = row.back();
        }
        return result;
    }

    /// Iterations done so far.
    std::uint64_t iterations() const { return iterations_; }

    /// Generates from the fixed latent points: (fixed_points, ...). With the moving average of the generator,
    /// if there is one. Runs the network in training mode, as the discriminator sees it, with batch-norm
    /// statistics of these points. (Running statistics lag behind while the generator changes fast.) Restores
    /// states and random streams: the run is not affected, and repeated calls return the same samples.
    std::vector<Scalar> samples() {
        start_average();
        Generator& generator = average_ ? *average_ : generator_;
        const auto states = generator.states().to_host();
        const RandomStream dropout = generator.dropout_stream();
        const Step step{device_};
        const auto images = frozen(generator)(fixed_points_.get()).to_host();
        generator.states().from_host(states);
        generator.dropout_stream() = dropout;
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
        start_average();
        if (average_) checkpoint.network("average", *average_);
        checkpoint.network("discriminator", discriminator_);
        checkpoint.optimizer("optimizer.generator", generator_optimizer_, generator_);
        checkpoint.optimizer("optimizer.discriminator", discriminator_optimizer_, discriminator_);
        checkpoint.stream("random.noise", noise_);
        if (has_penalty()) {
            checkpoint.stream("random.penalty", penalty_noise_);
            checkpoint.buffer("penalty", last_penalty_.buffer());
        }
        checkpoint.buffer("fixed_points", fixed_points_.buffer());
        checkpoint.number("iterations", iterations_);
    }

private:
    /// The average begins with the initial parameters, which may be set after the trainer's construction.
    void start_average() {
        if (average_ && iterations_ == 0) copy_parameters(generator_, *average_);
    }

    template <class Data>
    void iterate(Data& data) {
        const bool together = options_.updates == Updates::simultaneous;
        const int alone = options_.discriminator_steps - (together ? 1 : 0);

        // k times: bring the discriminator closer to the optimum against the current generator.
        for (int i = 0; i < alone; ++i) update_discriminator(data, i);
        // Once: move the generator towards samples that this discriminator accepts as real.
        if (together)
            update_both(data, alone);
        else
            update_generator(data);

        if (average_) {
            const auto n = static_cast<double>(iterations_);
            update_average(*average_, generator_, std::min(options_.average_decay, (1 + n) / (10 + n)));
        }
    }

    template <class Data>
    void update_discriminator(Data& data, int i) {
        const Step step{device_};
        const auto z = sample_noise(noise_, options_.batch);
        const auto fake = frozen(generator_)(z);
        static_assert(!decltype(fake)::recorded,
                      "gantry: the discriminator's step must not reach the generator");

        const auto real = real_items(data);
        const auto real_outputs = discriminator_(real);
        const auto fake_outputs = discriminator_(fake);
        const auto loss = with_penalty(objective_.discriminator(real_outputs, fake_outputs), real, fake, i);
        discriminator_optimizer_.step(backward(loss, discriminator_));

        log_discriminator(loss, real_outputs, fake_outputs);
    }

    template <class Data>
    void update_generator(Data& data) {
        const Step step{device_};
        // Fresh points: the discriminator has just been fitted to the last ones.
        const auto z = sample_noise(noise_, options_.batch);
        // Gradients flow through the frozen discriminator; none are computed for its parameters.
        const auto fake_outputs = frozen(discriminator_)(generator_(z));
        const auto loss =
            generator_loss([&] { return frozen(discriminator_)(real_items(data)); }, fake_outputs);
        generator_optimizer_.step(backward(loss, generator_));

        losses_.add(detach(loss));
    }

    template <class Data>
    void update_both(Data& data, int i) {
        const Step step{device_};
        const auto z = sample_noise(noise_, options_.batch);
        // One forward pass serves both: `backward` visits only the part of the tape that leads to its
        // network.
        const auto real = real_items(data);
        const auto fake = generator_(z);
        const auto real_outputs = discriminator_(real);
        const auto fake_outputs = discriminator_(fake);
        const auto discriminator_loss =
            with_penalty(objective_.discriminator(real_outputs, fake_outputs), real, detach(fake), i);
        const auto generator_loss = this->generator_loss([&] { return real_outputs; }, fake_outputs);
        // Compute both gradients first, so that neither update affects the other.
        const auto discriminator_gradients = backward(discriminator_loss, discriminator_);
        const auto generator_gradients = backward(generator_loss, generator_);
        discriminator_optimizer_.step(discriminator_gradients);
        generator_optimizer_.step(generator_gradients);

        log_discriminator(discriminator_loss, real_outputs, fake_outputs);
        losses_.add(detach(generator_loss));
    }

    /// The generator's loss; `real_outputs` computes the discriminator's outputs for real samples, for
    /// objectives that compare.
    template <class RealOutputs, class Outputs>
    auto generator_loss(const RealOutputs& real_outputs, const Outputs& fake_outputs) const {
        if constexpr (!GeneratorObjective<Objective, Outputs>) {
            return objective_.generator(real_outputs(), fake_outputs);
        } else {
            if constexpr (requires { objective_.compares(); })
                if (objective_.compares()) return objective_.generator(real_outputs(), fake_outputs);
            return objective_.generator(fake_outputs);
        }
    }

    /// The discriminator's loss, plus the penalty in every penalty_every-th update. `i`: number of the update
    /// in its iteration.
    template <class Loss, class Real, class Fake>
    auto with_penalty(const Loss& loss, const Real& real, const Fake& fake, int i) {
        if constexpr (!std::is_same_v<Penalty, NoPenalty>) {
            const auto k = static_cast<std::uint64_t>(options_.discriminator_steps);
            const auto every = static_cast<std::uint64_t>(options_.penalty_every);
            const bool due = (iterations_ * k + static_cast<std::uint64_t>(i)) % every == 0;
            if (has_penalty() && due) {
                const auto penalty = penalty_(discriminator_, real, fake, penalty_noise_);
                last_penalty_ = detach(penalty);
                return loss + static_cast<double>(options_.penalty_every) * penalty;
            }
        }
        return loss;
    }
    bool has_penalty() const {
        if constexpr (requires { penalty_.active(); })
            return penalty_.active();
        else
            return !std::is_same_v<Penalty, NoPenalty>;
    }
    /// Values logged per update of the discriminator.
    std::size_t rated() const { return has_penalty() ? 4 : 3; }
    template <class Loss, class Outputs, class FakeOutputs>
    void log_discriminator(const Loss& loss, const Outputs& real_outputs, const FakeOutputs& fake_outputs) {
        if (has_penalty())
            losses_.add(detach(loss), score(real_outputs), score(fake_outputs), last_penalty_.get());
        else
            losses_.add(detach(loss), score(real_outputs), score(fake_outputs));
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
    auto zero() {
        const Step step{device_};
        return PersistentTensor<Shape<>, Scalar, DeviceType>(filled<Shape<>, Scalar>(device_, 0, 0));
    }
    static TrainerOptions checked(TrainerOptions options) {
        if (options.batch < 1) fail("GanTrainer", "the batch size must be at least 1", options.batch);
        if (options.discriminator_steps < 1)
            fail("GanTrainer", "k, the number of discriminator updates, must be at least 1",
                 options.discriminator_steps);
        if (options.penalty_every < 1)
            fail("GanTrainer", "penalty_every must be at least 1", options.penalty_every);
        if (!(options.average_decay >= 0 && options.average_decay < 1))
            fail("GanTrainer", "average_decay must be at least 0 and less than 1", options.average_decay);
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
    Penalty penalty_;
    TrainerOptions options_;
    ScalarLog<Scalar, DeviceType> losses_;
    RandomStream noise_, penalty_noise_;
    PersistentTensor<Shape<>, Scalar, DeviceType> last_penalty_;
    PersistentTensor<Latent, Scalar, DeviceType> fixed_points_;
    std::optional<Generator> average_;
    std::uint64_t iterations_ = 0;
};

}  // namespace gantry::gan
