// expect: the window of a layer is larger than its input image
// expect: LayerFitsWindow<1, gantry::MaxPool2d<[^;]*>, 5, 7, 6, 2>
// max-errors: 1
// trains: Classifier
#include <gantry/layers/dense.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/max_pool2d.hpp>
#include <gantry/layers/reshape.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Classifier =
    Sequential<InputShape<3, 7, 8>, MaxPool2d<Pool2dOptions{.size = {6, 2}, .padding = {1, 0}}>, Flatten,
               Dense<24, 10>>;
