#include "copy.cuh"

namespace gantry {

template void launch(Cuda&, const CopyBlockParameters<float>&);
template void launch(Cuda&, const CopyBlockParameters<double>&);
template void launch(Cuda&, const FillParameters<float>&);
template void launch(Cuda&, const FillParameters<double>&);

}  // namespace gantry
