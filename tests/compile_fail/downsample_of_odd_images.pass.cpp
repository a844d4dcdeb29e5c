#include <gantry/layers/input.hpp>
#include <gantry/layers/resampling.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<8, 6, 3>, FirDownsample<1, 3, 3, 1>>;
