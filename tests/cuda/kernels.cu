// The kernels of kernels.hpp that gantry::cuda does not contain.
#include "cuda/kernels.hpp"
#include <gantry/kernels/convolution_plain.cuh>
#include <gantry/kernels/elementwise.cuh>
#include <gantry/kernels/pooling_plain.cuh>
#include <gantry/kernels/reduce.cuh>
#include <gantry/kernels/tile_product.cuh>
#include <gantry/kernels/transpose.cuh>

namespace gantry {

template void launch(Cuda&, const contracts::ElementwiseParameters<test::CustomMix, float, 3>&);
template void launch(Cuda&, const contracts::ElementwiseParameters<test::CustomMix, double, 3>&);
template void launch(Cuda&, const contracts::ElementwiseParameters<test::CustomProduct, float, 2>&);
template void launch(Cuda&, const contracts::ElementwiseParameters<test::CustomProduct, double, 2>&);
template void launch(Cuda&, const contracts::TransformReduceParameters<test::CustomProduct, float, 2>&);
template void launch(Cuda&, const contracts::TransformReduceParameters<test::CustomProduct, double, 2>&);

namespace cuda {
template void convolution_plain(Cuda&, const contracts::ConvolutionParameters<float>&);
template void convolution_plain(Cuda&, const contracts::ConvolutionParameters<double>&);
template void convolution_plain(Cuda&, const contracts::ConvolutionTransposedParameters<float>&);
template void convolution_plain(Cuda&, const contracts::ConvolutionTransposedParameters<double>&);
template void convolution_plain(Cuda&, const contracts::ConvolutionWeightGradientParameters<float>&);
template void convolution_plain(Cuda&, const contracts::ConvolutionWeightGradientParameters<double>&);
}  // namespace cuda

namespace test {

template <class T>
void switch_scatter_plain(Cuda& device, const contracts::SwitchScatterParameters<T>& p) {
    cuda::start(device, "switch_scatter_plain", cuda::switch_scatter_plain<T>,
                cuda::grid_for(p.extents.images * p.extents.channels), p.extents, p.pooled, p.whole);
}
template void switch_scatter_plain(Cuda&, const contracts::SwitchScatterParameters<float>&);
template void switch_scatter_plain(Cuda&, const contracts::SwitchScatterParameters<double>&);

void transpose(Cuda& device, const float* from, float* to, int rows, int columns) {
    cuda::transpose(device, from, to, rows, columns);
}

int parts_of_product(Cuda& device, std::size_t tiles, int inner, std::size_t size) {
    return cuda::parts_of<float>(device, tiles, inner, size).count;
}

}  // namespace test
}  // namespace gantry
