// expect: the tensor does not have the input shape of the network
// expect: NetworkInputFits<gantry::Shape<-1, 8>, gantry::Shape<-1, 9> ?>
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
using Net = Sequential<Dense<8, 4>, ReLU, Dense<4, 1>>;
auto use(Network<Net, Cpu>& net, const Tensor<Shape<Batch, 9>, float, Cpu>& x) { return net(x); }
