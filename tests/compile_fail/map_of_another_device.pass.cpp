#include <gantry/eigen/map.hpp>

using namespace gantry;
void use(const Tensor<Shape<Batch, 8>, float, EigenCpu>& x) { static_cast<void>(map(x)); }
