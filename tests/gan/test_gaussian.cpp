#include "gan/trainer.hpp"
#include "support/catch.hpp"
#include <gantry/gantry.hpp>
#include <gantry/optim/adam.hpp>

#include <cmath>
#include <numeric>
#include <span>
#include <vector>

using namespace gantry;
using namespace gantry::gan;

namespace {

/// Fresh batches from a normal distribution with mean 3 and standard deviation 0.5.
class Gaussian {
public:
    struct Batch {
        std::span<const float> pixels;
    };
    Batch next() {
        launch(device_,
               contracts::NormalParameters<float>{x_.size(), x_.data(), 3, 0.5, stream_.take(x_.size())});
        return {x_};
    }

private:
    Cpu device_{{.threads = 1}};
    RandomStream stream_{Seed{11}, "data"};
    std::vector<float> x_ = std::vector<float>(128);
};

using Generator = Sequential<Dense<1, 16>, Tanh, Dense<16, 1>>;
using Discriminator = Sequential<Dense<1, 32>, LeakyReLU<0.2f>, Dense<32, 32>, LeakyReLU<0.2f>, Dense<32, 1>>;

}  // namespace

TEST_CASE("A GAN learns the mean and standard deviation of a normal distribution", "") {
    for (const auto objective : AnyObjective::names) {
        CAPTURE(objective);
        Cpu device{{.threads = 1}};
        Network<Generator, Cpu> generator{device, Seed{1}};
        Network<Discriminator, Cpu> discriminator{device, Seed{2}};
        Adam generator_adam{generator, {.learning_rate = 1e-3, .beta1 = 0.5}};
        Adam discriminator_adam{discriminator, {.learning_rate = 2e-3, .beta1 = 0.5}};
        // These two need not converge alone.
        const AnyPenalty penalty(objective == "wasserstein"            ? "gradient"
                                 : objective == "relativistic-pairing" ? "r1-and-r2"
                                                                       : "none",
                                 0.1);
        const TrainerOptions options{.batch = 128, .penalty_every = 4, .fixed_points = 4096, .seed = Seed{3}};
        GanTrainer trainer{
            generator, discriminator, generator_adam, discriminator_adam, AnyObjective(objective),
            options,   penalty};
        Gaussian data;
        double mean = 0, square = 0;
        for (int i = 1; i <= 4000; ++i) {
            trainer.step(data);
            // The players of a GAN circle around their equilibrium: the test takes the mean over the last
            // part.
            if (i > 2000 && i % 100 == 0)
                for (const float x : trainer.samples()) {
                    mean += x / (20 * 4096.0);
                    square += x * x / (20 * 4096.0);
                }
        }
        const double deviation = std::sqrt(square - mean * mean);
        CAPTURE(mean, deviation);
        CHECK(std::abs(mean - 3) < 0.1);
        CHECK(std::abs(deviation - 0.5) < 0.1);
    }
}
