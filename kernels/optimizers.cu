#include "optimizers.cuh"

namespace gantry {

template void launch(Cuda&, const SgdParameters<float>&);
template void launch(Cuda&, const SgdParameters<double>&);
template void launch(Cuda&, const AdamParameters<float>&);
template void launch(Cuda&, const AdamParameters<double>&);
template void launch(Cuda&, const RmsPropParameters<float>&);
template void launch(Cuda&, const RmsPropParameters<double>&);

}  // namespace gantry
