#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<InputShape<28, 28, 1>, Flatten, Dense<784, 10>>;
