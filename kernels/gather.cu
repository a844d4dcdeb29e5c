#include "gather.cuh"

namespace gantry {

template void launch(Cuda&, const GatherSamplesParameters<float>&);
template void launch(Cuda&, const GatherSamplesParameters<double>&);
template void launch(Cuda&, const GatherNumbersParameters<float>&);
template void launch(Cuda&, const GatherNumbersParameters<double>&);

}  // namespace gantry
