#include "maxout.cuh"

namespace gantry {

template void launch(Cuda&, const MaxoutSelectParameters<float>&);
template void launch(Cuda&, const MaxoutSelectParameters<double>&);
template void launch(Cuda&, const MaxoutScatterParameters<float>&);
template void launch(Cuda&, const MaxoutScatterParameters<double>&);

}  // namespace gantry
