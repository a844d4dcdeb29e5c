// expect: a layer takes images
// expect: LayerFitsImage<1, gantry::Upsample<[^;]*>, gantry::Shape<-1, 64
// max-errors: 1
// trains: Generator
#include <gantry/layers/dense.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>
#include <gantry/layers/upsample.hpp>

using namespace gantry;
using Generator = Sequential<Dense<10, 64>, Upsample<2>>;
