#pragma once
#include <gantry/core/window.hpp>
#include <gantry/cuda/check.hpp>
#include <gantry/kernels/convolution.hpp>

#include <array>
#include <climits>
#include <cstddef>
#include <deque>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gantry::cuda {

// How cuDNN computes a convolution: its descriptors and the algorithm, found once for each geometry and
// remembered. In its names, x is the image, w the filter and y the result; gradients have the same
// descriptors.

/// A descriptor of cuDNN, destroyed with its owner.
template <class Handle, cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)>
class CudnnDescriptor {
public:
    CudnnDescriptor() { check(create(&handle_), "cudnnCreateDescriptor"); }
    CudnnDescriptor(const CudnnDescriptor&) = delete;
    CudnnDescriptor& operator=(const CudnnDescriptor&) = delete;
    ~CudnnDescriptor() { destroy(handle_); }
    Handle get() const { return handle_; }

private:
    Handle handle_ = nullptr;
};
using CudnnTensor =
    CudnnDescriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using CudnnFilter =
    CudnnDescriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using CudnnConvolution = CudnnDescriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
                                         cudnnDestroyConvolutionDescriptor>;

/// Whether cuDNN can be asked for a convolution at all. Its arrays have 1 to 2^31 - 1 numbers, and it tells
/// y's extents from those of x: it knows no transposed convolution whose output padding is as large as its
/// stride.
inline bool cudnn_knows(const ConvolutionGeometry& g) {
    const auto fits = [](std::size_t size) { return size > 0 && size <= INT_MAX; };
    const auto knows = [](const ConvolutionAxis& a) {
        return a.out ==
               gantry::detail::window_places(a.in, a.dilation * (a.size - 1) + 1, a.stride, a.padding);
    };
    return fits(g.x_size()) && fits(g.y_size()) && fits(g.w_size()) && knows(g.vertical) &&
           knows(g.horizontal);
}

/// Descriptors of a convolution of images (image, row, column, channel) with filters (out, row, column, in).
struct CudnnDescriptors {
    CudnnTensor x, y;
    CudnnFilter w;
    CudnnConvolution convolution;

    CudnnDescriptors(const ConvolutionGeometry& g, cudnnDataType_t type, bool tf32) {
        const ConvolutionAxis &v = g.vertical, &h = g.horizontal;
        check(
            cudnnSetTensor4dDescriptor(x.get(), CUDNN_TENSOR_NHWC, type, g.batch, g.in_channels, v.in, h.in),
            "cudnnSetTensor4dDescriptor");
        check(cudnnSetTensor4dDescriptor(y.get(), CUDNN_TENSOR_NHWC, type, g.batch, g.out_channels, v.out,
                                         h.out),
              "cudnnSetTensor4dDescriptor");
        check(cudnnSetFilter4dDescriptor(w.get(), type, CUDNN_TENSOR_NHWC, g.out_channels, g.in_channels,
                                         v.size, h.size),
              "cudnnSetFilter4dDescriptor");
        check(cudnnSetConvolution2dDescriptor(convolution.get(), v.padding, h.padding, v.stride, h.stride,
                                              v.dilation, h.dilation, CUDNN_CROSS_CORRELATION, type),
              "cudnnSetConvolution2dDescriptor");
        check(cudnnSetConvolutionMathType(convolution.get(), tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH),
              "cudnnSetConvolutionMathType");
    }
};

/// An algorithm and the bytes of memory it works in.
template <class Algorithm>
struct CudnnPlan {
    Algorithm algorithm;
    std::size_t workspace;
};

using CudnnForward = cudnnConvolutionFwdAlgo_t;
using CudnnBackwardData = cudnnConvolutionBwdDataAlgo_t;
using CudnnBackwardFilter = cudnnConvolutionBwdFilterAlgo_t;

namespace detail {

/// What cuDNN thinks of its algorithms, fastest first.
template <class Algorithm>
auto cudnn_algorithms(cudnnHandle_t cudnn, const CudnnDescriptors& d) {
    int found = 0;
    const auto ask = [&](auto none, auto get, auto first, auto second, auto third, auto fourth) {
        std::array<decltype(none), 8> results{};
        check(get(cudnn, first, second, third, fourth, static_cast<int>(results.size()), &found,
                  results.data()),
              "cudnnGetConvolutionAlgorithm");
        return std::pair{results, found};
    };
    if constexpr (std::is_same_v<Algorithm, CudnnForward>)
        return ask(cudnnConvolutionFwdAlgoPerf_t{}, cudnnGetConvolutionForwardAlgorithm_v7, d.x.get(),
                   d.w.get(), d.convolution.get(), d.y.get());
    else if constexpr (std::is_same_v<Algorithm, CudnnBackwardData>)
        return ask(cudnnConvolutionBwdDataAlgoPerf_t{}, cudnnGetConvolutionBackwardDataAlgorithm_v7,
                   d.w.get(), d.y.get(), d.convolution.get(), d.x.get());
    else
        return ask(cudnnConvolutionBwdFilterAlgoPerf_t{}, cudnnGetConvolutionBackwardFilterAlgorithm_v7,
                   d.x.get(), d.y.get(), d.convolution.get(), d.w.get());
}

inline cudnnStatus_t cudnn_workspace(cudnnHandle_t cudnn, const CudnnDescriptors& d, CudnnForward algorithm,
                                     std::size_t* bytes) {
    return cudnnGetConvolutionForwardWorkspaceSize(cudnn, d.x.get(), d.w.get(), d.convolution.get(),
                                                   d.y.get(), algorithm, bytes);
}
inline cudnnStatus_t cudnn_workspace(cudnnHandle_t cudnn, const CudnnDescriptors& d,
                                     CudnnBackwardData algorithm, std::size_t* bytes) {
    return cudnnGetConvolutionBackwardDataWorkspaceSize(cudnn, d.w.get(), d.y.get(), d.convolution.get(),
                                                        d.x.get(), algorithm, bytes);
}
inline cudnnStatus_t cudnn_workspace(cudnnHandle_t cudnn, const CudnnDescriptors& d,
                                     CudnnBackwardFilter algorithm, std::size_t* bytes) {
    return cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnn, d.x.get(), d.y.get(), d.convolution.get(),
                                                          d.w.get(), algorithm, bytes);
}

/// The fastest algorithm that gives the same bits each time, is as exact as asked for and fits into `room`
/// bytes.
template <class Algorithm>
std::optional<CudnnPlan<Algorithm>> choose_cudnn_plan(cudnnHandle_t cudnn, const CudnnDescriptors& d,
                                                      bool fma_only, std::size_t room) {
    const auto [algorithms, found] = cudnn_algorithms<Algorithm>(cudnn, d);
    for (int i = 0; i < found; ++i) {
        const auto& candidate = algorithms[static_cast<std::size_t>(i)];
        if (candidate.status != CUDNN_STATUS_SUCCESS || candidate.determinism != CUDNN_DETERMINISTIC)
            continue;
        if (fma_only && candidate.mathType != CUDNN_FMA_MATH) continue;
        check(cudnnSetConvolutionMathType(d.convolution.get(), candidate.mathType),
              "cudnnSetConvolutionMathType");
        std::size_t bytes = 0;
        const cudnnStatus_t status = cudnn_workspace(cudnn, d, candidate.algo, &bytes);
        if (status / 1000 * 1000 == CUDNN_STATUS_NOT_SUPPORTED) continue;  // 3000; 3001 ... say why
        check(status, "cudnnGetConvolutionWorkspaceSize");  // else a failure would be remembered as "cannot"
        if (bytes <= room) return CudnnPlan<Algorithm>{candidate.algo, bytes};
    }
    return {};
}

}  // namespace detail

/// A convolution that cuDNN was asked for, in one direction.
template <class Algorithm>
struct CudnnEntry {
    ConvolutionGeometry geometry;
    cudnnDataType_t type;
    CudnnDescriptors descriptors;
    std::optional<CudnnPlan<Algorithm>> plan;  ///< none: cuDNN has no algorithm that will do

    CudnnEntry(cudnnHandle_t cudnn, const ConvolutionGeometry& g, cudnnDataType_t data_type, bool tf32,
               std::size_t room)
        : geometry(g),
          type(data_type),
          descriptors(g, data_type, tf32),
          plan(detail::choose_cudnn_plan<Algorithm>(cudnn, descriptors,
                                                    data_type == CUDNN_DATA_FLOAT && !tf32, room)) {}
};

/// All of them. A network has some dozens; a search among them costs less than to describe one of them to
/// cuDNN.
class CudnnPlans {
public:
    /// The plan for a geometry, made at its first use; `room`: bytes that an algorithm may work in.
    template <class Algorithm>
    const CudnnEntry<Algorithm>& find(cudnnHandle_t cudnn, const ConvolutionGeometry& g, cudnnDataType_t type,
                                      bool tf32, std::size_t room) {
        auto& entries = std::get<std::deque<CudnnEntry<Algorithm>>>(entries_);
        for (const auto& entry : entries)
            if (entry.geometry == g && entry.type == type) return entry;
        return entries.emplace_back(cudnn, g, type, tf32, room);
    }

private:
    template <class... Algorithm>
    using Entries =
        std::tuple<std::deque<CudnnEntry<Algorithm>>...>;  // deques: what was found stays where it is
    Entries<CudnnForward, CudnnBackwardData, CudnnBackwardFilter> entries_;
};

}  // namespace gantry::cuda
