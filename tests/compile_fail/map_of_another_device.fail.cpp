// expect: only tensors and networks on Cpu and EigenCpu can be mapped; copy those of another device with to_host
// max-errors: 1
#include <gantry/eigen/map.hpp>

using namespace gantry;
struct GpuMemory : core::HostMemory {};
using Gpu = Device<GpuMemory>;
void use(const Tensor<Shape<Batch, 8>, float, Gpu>& x) { static_cast<void>(map(x)); }
