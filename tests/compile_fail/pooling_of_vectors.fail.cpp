// expect: a layer takes images
// expect: LayerFitsImage<1, gantry::AvgPool2d<[^;]*>, gantry::Shape<-1, 64
// max-errors: 1
// trains: Classifier
#include <gantry/layers/avg_pool2d.hpp>
#include <gantry/layers/dense.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Classifier = Sequential<Dense<10, 64>, AvgPool2d<Pool2dOptions{.size = 2}>, Flatten>;
