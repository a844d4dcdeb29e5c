#pragma once
// Declarations, for any C++ compiler, of kernels that ops do not launch directly: the variants of matrix
// products and convolutions (product_variants.hpp and the plain ones), and elementwise kernels of custom
// functors. kernels.cu defines those that gantry::cuda does not contain.
#include <gantry/cuda.hpp>
#include <gantry/cuda/product_variants.hpp>

#include <cstddef>

namespace gantry {

namespace cuda {

template <class T>
void matmul_plain(Cuda&, const contracts::MatmulParameters<T>&);
template <class T>
void convolution_plain(Cuda&, const contracts::ConvolutionParameters<T>&);
template <class T>
void convolution_plain(Cuda&, const contracts::ConvolutionTransposedParameters<T>&);
template <class T>
void convolution_plain(Cuda&, const contracts::ConvolutionWeightGradientParameters<T>&);

}  // namespace cuda

namespace test {

template <class P>
inline constexpr bool is_product = false;
template <class T>
inline constexpr bool is_product<contracts::MatmulParameters<T>> = true;

// The variants as function objects, called with a device and the parameters of a product or convolution.
inline constexpr auto plain = []<class P>(Cuda& device, const P& p) {
    if constexpr (is_product<P>)
        cuda::matmul_plain(device, p);
    else
        cuda::convolution_plain(device, p);
};
inline constexpr auto tiled = []<class P>(Cuda& device, const P& p) {
    if constexpr (is_product<P>)
        cuda::matmul_tiled(device, p);
    else
        cuda::convolution_tiled(device, p);
};
inline constexpr auto depthwise = [](Cuda& device, const auto& p) { cuda::convolution_depthwise(device, p); };
inline constexpr auto cublas = [](Cuda& device, const auto& p) { cuda::matmul_cublas(device, p); };
inline constexpr auto chosen = [](Cuda& device, const auto& p) { launch(device, p); };

/// to (columns, rows) = transpose of from (rows, columns).
void transpose(Cuda& device, const float* from, float* to, int rows, int columns);

/// Number of blocks that share each sum of a product of floats (split-K).
int parts_of_product(Cuda& device, std::size_t tiles, int inner, std::size_t size);

/// The computation of SwitchScatterParameters with one thread per image and channel.
template <class T>
void switch_scatter_plain(Cuda&, const contracts::SwitchScatterParameters<T>&);

// Custom functors.
struct CustomMix {
    double factor;
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x, V y, V z) const {
        return math::tanh(x) * math::constant<V>(factor) + y * z;
    }
};
struct CustomProduct {
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x, V y) const {
        return x * y;
    }
};

}  // namespace test
}  // namespace gantry
