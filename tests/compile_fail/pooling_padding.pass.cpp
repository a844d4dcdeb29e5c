#include <gantry/layers/input.hpp>
#include <gantry/layers/max_pool2d.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Pool = Sequential<InputShape<8, 8, 2>, MaxPool2d<Pool2dOptions{.size = 4, .padding = 2}>>;
