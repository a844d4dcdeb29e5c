#include "gather.cuh"

namespace gantry {

template void launch(Cuda&, const GatherSamplesParameters<float>&);
template void launch(Cuda&, const GatherSamplesParameters<double>&);
template void launch(Cuda&, const GatherScalarsParameters<float>&);
template void launch(Cuda&, const GatherScalarsParameters<double>&);

}  // namespace gantry
