// expect: the slope of a LeakyReLU must not be negative
// max-errors: 1
// trains: Discriminator
#include <gantry/layers/activations.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Discriminator = Sequential<Dense<784, 10>, LeakyReLU<-0.2f>>;
