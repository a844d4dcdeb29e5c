// expect: a filter for resampling has 2 to 16 taps, whose sum is not 0
// max-errors: 1
// trains: Layer
#include <gantry/layers/input.hpp>
#include <gantry/layers/resampling.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<8, 6, 3>, FirUpsample<1>>;
