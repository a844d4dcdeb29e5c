#include <gantry/layers/input.hpp>
#include <gantry/layers/resampling.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<2, 2, 3>, BilinearUpsample>;
