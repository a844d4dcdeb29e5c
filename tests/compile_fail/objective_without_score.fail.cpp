// expect: an objective has discriminator.real, fake. and generator.fake. or generator.real, fake., all scalars, and score.outputs.
// max-errors: 1
#include "../../examples/gan/trainer.hpp"
#include <gantry/gantry.hpp>

using namespace gantry;
struct Critic {
    auto discriminator(const auto& real, const auto& fake) const { return mean(fake) - mean(real); }
    auto generator(const auto& fake) const { return -mean(fake); }
};
using Generator = Network<Sequential<Dense<2, 8>>, Cpu>;
using Discriminator = Network<Sequential<Dense<8, 1>>, Cpu>;
using Trainer = gan::GanTrainer<Generator, Discriminator, Adam<Generator>, Adam<Discriminator>, Critic>;
void use(Trainer& trainer) { static_cast<void>(trainer.take_losses()); }
