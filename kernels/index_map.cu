#include "index_map.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::IndexMapParameters<float>&);
template void launch(Cuda&, const contracts::IndexMapParameters<double>&);

}  // namespace gantry
