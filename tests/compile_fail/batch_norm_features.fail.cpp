// expect: a layer expects a different number of features than it gets
// expect: LayerFits<1, gantry::BatchNorm<100[^>]*>, 100, 64>
// max-errors: 1
// trains: Generator
#include <gantry/layers/activations.hpp>
#include <gantry/layers/batch_norm.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Generator = Sequential<Dense<10, 64>, BatchNorm<100>, ReLU>;
