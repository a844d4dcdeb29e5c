// expect: downsampling by 2 takes images with an even height and width
// expect: DownsamplingHalves<4, 5>|height=4, width=5
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 4, 5, 3>, float, Cpu>& x) { return fir_downsample<1, 3, 3, 1>(x); }
