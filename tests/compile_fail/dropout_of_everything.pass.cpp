#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/dropout.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<Dense<784, 10>, Dropout<0.5f>>;
