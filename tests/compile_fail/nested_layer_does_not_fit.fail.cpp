// expect: a layer expects a different number of features than it gets
// expect: LayerFits<1, gantry::Sequential<[^;]*>, 32, 64>
// max-errors: 1
// trains: Discriminator
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<Dense<784, 64>, Sequential<Dense<32, 16>, ReLU>, Dense<16, 1>>;
