// expect: a Maxout must have at least 2 pieces
// max-errors: 1
// trains: Discriminator
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/maxout.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<Maxout<Dense<784, 10>, 1>>;
