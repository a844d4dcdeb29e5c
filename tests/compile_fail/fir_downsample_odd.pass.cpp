#include <gantry/gantry.hpp>

using namespace gantry;
auto use(const Tensor<Shape<Batch, 4, 6, 3>, float, Cpu>& x) { return fir_downsample<1, 3, 3, 1>(x); }
