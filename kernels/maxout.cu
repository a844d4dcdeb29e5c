#include "maxout.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::MaxoutSelectParameters<float>&);
template void launch(Cuda&, const contracts::MaxoutSelectParameters<double>&);
template void launch(Cuda&, const contracts::MaxoutScatterParameters<float>&);
template void launch(Cuda&, const contracts::MaxoutScatterParameters<double>&);

}  // namespace gantry
