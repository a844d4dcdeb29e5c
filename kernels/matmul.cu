#include "matmul.cuh"

namespace gantry {

template void launch(Cuda&, const MatmulParameters<float>&);
template void launch(Cuda&, const MatmulParameters<double>&);

// Each variant separately, for tests and benchmarks.
namespace cuda {
template void matmul_plain(Cuda&, const MatmulParameters<float>&);
template void matmul_plain(Cuda&, const MatmulParameters<double>&);
template void matmul_tiled(Cuda&, const MatmulParameters<float>&);
template void matmul_tiled(Cuda&, const MatmulParameters<double>&);
template void matmul_cublas(Cuda&, const MatmulParameters<float>&);
template void matmul_cublas(Cuda&, const MatmulParameters<double>&);
template void add_bias_and_activate(Cuda&, float*, std::size_t, std::size_t, const float*, Activation);
template void add_bias_and_activate(Cuda&, double*, std::size_t, std::size_t, const double*, Activation);
}  // namespace cuda

}  // namespace gantry
