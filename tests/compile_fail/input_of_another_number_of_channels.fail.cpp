// expect: a layer expects a different number of features
// expect: LayerFits<0, gantry::Conv2d<3, 8[^;]*>, 3, 4>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
using Net = Network<Sequential<Conv2d<3, 8, Conv2dOptions{.size = 3}>, ReLU>, Cpu>;
void use(Net& net, const Tensor<Shape<Batch, 8, 8, 4>, float, Cpu>& x) { backward(mean(net(x)), net); }
