#include "pooling.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::MaxPoolParameters<float>&);
template void launch(Cuda&, const contracts::MaxPoolParameters<double>&);
template void launch(Cuda&, const contracts::SwitchGatherParameters<float>&);
template void launch(Cuda&, const contracts::SwitchGatherParameters<double>&);
template void launch(Cuda&, const contracts::SwitchScatterParameters<float>&);
template void launch(Cuda&, const contracts::SwitchScatterParameters<double>&);
template void launch(Cuda&, const contracts::WindowSumParameters<float>&);
template void launch(Cuda&, const contracts::WindowSumParameters<double>&);
template void launch(Cuda&, const contracts::WindowSpreadParameters<float>&);
template void launch(Cuda&, const contracts::WindowSpreadParameters<double>&);

}  // namespace gantry
