// expect: the layers inside a PoolUnpool2d must keep the height, width and channels
// expect: UnpoolingFitsLayer<1, gantry::PoolUnpool2d<[^;]*>, gantry::Shape<-1, 4, 4, 2>, gantry::Shape<-1, 4, 4, 3>
// max-errors: 1
// trains: Autoencoder
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/pool_unpool2d.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
constexpr Conv2dOptions window{.size = 3, .padding = 1};
using Autoencoder =
    Sequential<InputShape<8, 8, 2>, PoolUnpool2d<Pool2dOptions{.size = 2}, Conv2d<2, 3, window>>>;
