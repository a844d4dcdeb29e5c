#pragma once
#include "gan/trainer.hpp"
#include "support/devices.hpp"
#include <gantry/gantry.hpp>
#include <gantry/optim/adam.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace gantry::test {

// Small networks with every kind of state: dropout and batch norm.
using SmallGenerator = Sequential<Dense<4, 16>, BatchNorm<16>, ReLU, Dropout<0.1f>, Dense<16, 6>, Tanh>;
using SmallDiscriminator = Sequential<Dense<6, 16>, LeakyReLU<0.2f>, Dropout<0.3f>, Dense<16, 1>>;

/// Batches of reproducible values, the same in every run.
template <class T = float>
class RandomData {
public:
    struct Batch {
        std::span<const T> pixels;
    };
    RandomData(std::size_t batch, std::size_t sample_size) : numbers_(batch * sample_size) {}

    Batch next() {
        const RandomStream words(Seed{77}, "data");
        for (T& x : numbers_) x = static_cast<T>(words.block(position_++)[0] * 0x1p-31 - 1);
        return {numbers_};
    }
    void seek(std::uint64_t batches) { position_ = batches * numbers_.size(); }

private:
    std::vector<T> numbers_;
    std::uint64_t position_ = 0;
};

/// A complete GAN on a device.
template <class D, class Objective = gan::NonSaturating>
struct SmallGan {
    using Generator = Network<SmallGenerator, D>;
    using Discriminator = Network<SmallDiscriminator, D>;

    explicit SmallGan(D& device, const gan::TrainerOptions& options = {.batch = 8, .fixed_points = 5})
        : generator{device, Seed{1}},
          discriminator{device, Seed{2}},
          trainer{generator, discriminator, generator_adam, discriminator_adam, Objective{}, options} {}

    Generator generator;
    Discriminator discriminator;
    Adam<Generator> generator_adam{generator, {.learning_rate = 1e-3, .beta1 = 0.5}};
    Adam<Discriminator> discriminator_adam{discriminator, {.learning_rate = 1e-3, .beta1 = 0.5}};
    gan::GanTrainer<Generator, Discriminator, Adam<Generator>, Adam<Discriminator>, Objective> trainer;
    RandomData<> data{8, 6};

    void train(int iterations) {
        for (int i = 0; i < iterations; ++i) trainer.step(data);
    }
};

}  // namespace gantry::test
