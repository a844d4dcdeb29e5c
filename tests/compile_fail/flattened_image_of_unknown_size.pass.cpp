#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

using namespace gantry;
using Critic =
    Sequential<InputShape<8, 8, 3>, Conv2d<3, 4, Conv2dOptions{.size = 3}>, Flatten, Dense<144, 1>>;

void load(CheckpointReader& reader, Network<Critic, Cpu>& network) { reader.network("critic", network); }
