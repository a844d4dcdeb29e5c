#include "random.cuh"

namespace gantry {

template void launch(Cuda&, const UniformParameters<float>&);
template void launch(Cuda&, const UniformParameters<double>&);
template void launch(Cuda&, const NormalParameters<float>&);
template void launch(Cuda&, const NormalParameters<double>&);
template void launch(Cuda&, const DropoutParameters<float>&);
template void launch(Cuda&, const DropoutParameters<double>&);

}  // namespace gantry
