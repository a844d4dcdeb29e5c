#include "resampling.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::ResamplingParameters<float>&);
template void launch(Cuda&, const contracts::ResamplingParameters<double>&);

}  // namespace gantry
