// expect: a layer expects a different number of features than it gets
// expect: LayerFits<2, gantry::Dense<512, 10[^>]*>, 512, 256>
// max-errors: 1
// trains: Discriminator
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
// Only named, never called.
using Discriminator = Sequential<Dense<784, 256>, LeakyReLU<0.2f>, Dense<512, 10>>;
