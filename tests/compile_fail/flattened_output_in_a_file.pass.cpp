#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

using namespace gantry;
using Features =
    Sequential<InputShape<8, 8, 3>, Conv2d<3, 4, Conv2dOptions{.size = 3}>, Flatten, Dense<144, 10>>;

void save(CheckpointWriter& writer, Network<Features, Cpu>& network) { writer.network("features", network); }
