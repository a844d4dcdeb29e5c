#include "matmul.cuh"

namespace gantry {

template void launch(Cuda&, const contracts::MatmulParameters<float>&);
template void launch(Cuda&, const contracts::MatmulParameters<double>&);
template void launch(Cuda&, const contracts::BatchedMatmulParameters<float>&);
template void launch(Cuda&, const contracts::BatchedMatmulParameters<double>&);

// Each variant separately, for tests and benchmarks.
namespace cuda {
template void matmul_plain(Cuda&, const contracts::MatmulParameters<float>&);
template void matmul_plain(Cuda&, const contracts::MatmulParameters<double>&);
template void matmul_tiled(Cuda&, const contracts::MatmulParameters<float>&);
template void matmul_tiled(Cuda&, const contracts::MatmulParameters<double>&);
template void matmul_cublas(Cuda&, const contracts::MatmulParameters<float>&);
template void matmul_cublas(Cuda&, const contracts::MatmulParameters<double>&);
template void add_bias_and_activate(Cuda&, float*, std::size_t, std::size_t, const float*,
                                    contracts::Activation);
template void add_bias_and_activate(Cuda&, double*, std::size_t, std::size_t, const double*,
                                    contracts::Activation);
}  // namespace cuda

}  // namespace gantry
