#include "../../examples/gan/trainer.hpp"
#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Network<Sequential<Dense<2, 8>>, Cpu>;
using Discriminator = Network<Sequential<Dense<8, 1>>, Cpu>;
using Trainer =
    gan::GanTrainer<Generator, Discriminator, Adam<Generator>, Adam<Discriminator>, gan::NonSaturating>;
void use(Trainer& trainer) { static_cast<void>(trainer.take_losses()); }
