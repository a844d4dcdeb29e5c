// expect: SpectralNorm takes a layer with a weight matrix, such as Dense, Conv2d
// expect: SpectralNormTakesLayer<gantry::
// max-errors: 1
// trains: Critic
#include <gantry/gantry.hpp>

using namespace gantry;
using Critic = Sequential<Dense<12, 8>, SpectralNorm<ReLU>, Dense<8, 1>>;
