#include "softmax.cuh"

namespace gantry {

template void launch(Cuda&, const SoftmaxParameters<float>&);
template void launch(Cuda&, const SoftmaxParameters<double>&);
template void launch(Cuda&, const CrossEntropyParameters<float>&);
template void launch(Cuda&, const CrossEntropyParameters<double>&);

}  // namespace gantry
