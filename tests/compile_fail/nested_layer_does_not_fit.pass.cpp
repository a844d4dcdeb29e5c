#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<Dense<784, 64>, Sequential<Dense<64, 16>, ReLU>, Dense<16, 1>>;
