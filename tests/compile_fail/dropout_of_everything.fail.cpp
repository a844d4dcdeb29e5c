// expect: the drop probability of a Dropout must be in \[0, 1\)
// max-errors: 1
// trains: Discriminator
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/dropout.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<Dense<784, 10>, Dropout<1.0f>>;
