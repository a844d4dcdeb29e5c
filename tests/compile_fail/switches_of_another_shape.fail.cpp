// expect: max_unpool2d takes a tensor of the shape that max_pool2d returned
// expect: UnpoolingFits<gantry::Shape<-1, 4, 4, 3>, gantry::Shape<-1, 2, 2, 3|Given=gantry::Shape<-1, 4, 4, 3>, PooledWithSwitches=gantry::Shape<-1, 2, 2, 3
// max-errors: 1
#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/max_pool.hpp>

using namespace gantry;
auto f(const Tensor<Shape<Batch, 4, 4, 3>, float, Cpu>& x) {
    return max_unpool2d(x, max_pool2d<Pool2dOptions{.size = 2}>(x).switches);
}
