// expect: a layer expects a different number of features than it gets
// expect: LayerFits<1, gantry::BatchNorm<4[^>]*>, 4, 3>
// max-errors: 1
// trains: Autoencoder
#include <gantry/layers/batch_norm.hpp>
#include <gantry/layers/conv2d.hpp>
#include <gantry/layers/input.hpp>
#include <gantry/layers/pool_unpool2d.hpp>
#include <gantry/layers/sequential.hpp>

using namespace gantry;
constexpr Conv2dOptions window{.size = 3, .padding = 1};
using Autoencoder =
    Sequential<InputShape<8, 8, 2>, PoolUnpool2d<Pool2dOptions{.size = 2}, Conv2d<2, 3, window>, BatchNorm<4>,
                                                 Conv2d<3, 2, window>>>;
