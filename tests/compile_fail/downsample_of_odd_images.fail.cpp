// expect: downsampling by 2 takes images with an even height and width
// expect: LayerHalvesImage<1, gantry::FirDownsample<1, 3, 3, 1>, 7, 6>
// max-errors: 1
// trains: Layer
#include <gantry/layers/input.hpp>
#include <gantry/layers/resampling.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<7, 6, 3>, FirDownsample<1, 3, 3, 1>>;
