// expect: a reshape must keep the number of elements per sample
// max-errors: 1
// trains: Generator
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Generator = Sequential<Dense<10, 784>, Reshape<28, 27, 1>>;
