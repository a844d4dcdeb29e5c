// expect: Flatten or Reshape may be missing
// expect: LayerFitsShape<1, gantry::Dense<784, 10[^>]*>, gantry::Shape<-1, 784>, gantry::Shape<-1, 28, 28
// max-errors: 1
// trains: Discriminator
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<InputShape<28, 28, 1>, Dense<784, 10>>;
