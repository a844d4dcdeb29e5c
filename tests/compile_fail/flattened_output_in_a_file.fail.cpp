// expect: PyTorch flattens images in a different order, and no order of this network's parameters
// expect: PyTorchOrder<2, gantry::diagnosis::OrderProblem::other_image>|PyTorchOrder<2, \(gantry::diagnosis::OrderProblem\)2>|PyTorchOrder<2, other_image>
// max-errors: 1
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

using namespace gantry;
using Features = Sequential<InputShape<8, 8, 3>, Conv2d<3, 4, Conv2dOptions{.size = 3}>, Flatten>;

void save(CheckpointWriter& writer, Network<Features, Cpu>& network) { writer.network("features", network); }
