#include "gather.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::GatherSamplesParameters<float>&);
template void launch(Cuda&, const contracts::GatherSamplesParameters<double>&);
template void launch(Cuda&, const contracts::GatherScalarsParameters<float>&);
template void launch(Cuda&, const contracts::GatherScalarsParameters<double>&);

}  // namespace gantry
