// expect: a layer takes images
// expect: LayerFitsImage<1, gantry::BilinearUpsample, gantry::Shape<-1, 12> *>
// max-errors: 1
// trains: Layer
#include <gantry/layers/input.hpp>
#include <gantry/layers/resampling.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
using Layer = Sequential<InputShape<12>, BilinearUpsample>;
