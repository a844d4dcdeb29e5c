#include "matmul.cuh"

namespace gantry {

template void launch(Cuda&, const MatmulParameters<float>&);
template void launch(Cuda&, const MatmulParameters<double>&);

namespace cuda {
template void matmul_plain(Cuda&, const MatmulParameters<float>&);
template void matmul_plain(Cuda&, const MatmulParameters<double>&);
}  // namespace cuda

}  // namespace gantry
