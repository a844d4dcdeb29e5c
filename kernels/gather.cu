#include "gather.cuh"

namespace gantry {

template void launch(Cuda&, const GatherItemsParameters<float>&);
template void launch(Cuda&, const GatherItemsParameters<double>&);
template void launch(Cuda&, const GatherNumbersParameters<float>&);
template void launch(Cuda&, const GatherNumbersParameters<double>&);

}  // namespace gantry
