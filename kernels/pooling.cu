#include "pooling.cuh"

namespace gantry {

template void launch(Cuda&, const MaxPoolParameters<float>&);
template void launch(Cuda&, const MaxPoolParameters<double>&);
template void launch(Cuda&, const SwitchGatherParameters<float>&);
template void launch(Cuda&, const SwitchGatherParameters<double>&);
template void launch(Cuda&, const SwitchScatterParameters<float>&);
template void launch(Cuda&, const SwitchScatterParameters<double>&);
template void launch(Cuda&, const WindowSumParameters<float>&);
template void launch(Cuda&, const WindowSumParameters<double>&);
template void launch(Cuda&, const WindowSpreadParameters<float>&);
template void launch(Cuda&, const WindowSpreadParameters<double>&);

}  // namespace gantry
