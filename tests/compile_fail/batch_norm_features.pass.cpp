#include <gantry/layers/activations.hpp>
#include <gantry/layers/batch_norm.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Generator = Sequential<Dense<10, 64>, BatchNorm<64>, ReLU>;
