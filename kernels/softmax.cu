#include "softmax.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::SoftmaxParameters<float>&);
template void launch(Cuda&, const contracts::SoftmaxParameters<double>&);
template void launch(Cuda&, const contracts::CrossEntropyParameters<float>&);
template void launch(Cuda&, const contracts::CrossEntropyParameters<double>&);

}  // namespace gantry
