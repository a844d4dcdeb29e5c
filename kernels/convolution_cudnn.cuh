#pragma once
#include "bias_activation.cuh"
#include "transpose.cuh"
#include <gantry/cuda/cudnn_plans.hpp>
#include <gantry/kernels/convolution.hpp>

#include <algorithm>
#include <type_traits>

namespace gantry::cuda {

// cuDNN's convolutions. Its images lie as ours, (image, row, column, channel). Its filters lie as (out, row,
// column, in), ours as (row, column, in, out): a transposition, whose result is the first part of the
// workspace; cuDNN works in the rest. Bias and activation take a pass of their own.

/// What the three directions have in common.
template <class Algorithm, class T>
class CudnnCall {
public:
    CudnnCall(Cuda& device, const ConvolutionGeometry& g) : device_(device), geometry_(g) {
        constexpr auto type = std::is_same_v<T, float> ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;
        const std::size_t all = device.workspace().bytes();
        if (cudnn_knows(g) && filter_bytes() <= all)
            entry_ = &device.cudnn_plans().find<Algorithm>(device.cudnn(), g, type, device.options().tf32,
                                                           all - filter_bytes());
    }
    /// Whether cuDNN can do it.
    explicit operator bool() const { return entry_ && entry_->plan; }

    const CudnnDescriptors& descriptors() const { return entry_->descriptors; }
    Algorithm algorithm() const { return entry_->plan->algorithm; }
    T* filter() const { return static_cast<T*>(device_.workspace().data()); }
    void* workspace() const { return static_cast<std::byte*>(device_.workspace().data()) + filter_bytes(); }
    std::size_t workspace_bytes() const { return entry_->plan->workspace; }

    /// Our weights into cuDNN's filter, and its filter into ours.
    void put_filter(const T* w) const {
        transpose(device_, w, filter(), filter_rows(), geometry_.out_channels);
    }
    void take_filter(T* w, bool accumulate) const {
        transpose(device_, static_cast<const T*>(filter()), w, geometry_.out_channels, filter_rows(),
                  accumulate);
    }

private:
    int filter_rows() const {
        return geometry_.vertical.size * geometry_.horizontal.size * geometry_.in_channels;
    }
    std::size_t filter_bytes() const {
        return ceil_div<std::size_t>(geometry_.w_size() * sizeof(T), 256) * 256;
    }

    Cuda& device_;
    ConvolutionGeometry geometry_;
    const CudnnEntry<Algorithm>* entry_ = nullptr;
};

// Each returns false where cuDNN has no deterministic algorithm for the geometry that fits into the
// workspace; then nothing is done.

template <class T>
bool convolution_cudnn(Cuda& device, const ConvolutionParameters<T>& p) {
    const ConvolutionGeometry& g = p.geometry;
    const CudnnCall<CudnnForward, T> call(device, g);
    if (!call) return false;
    const T one = 1, zero = 0;
    const CudnnDescriptors& d = call.descriptors();
    call.put_filter(p.w);
    check(cudnnConvolutionForward(device.cudnn(), &one, d.x.get(), p.x, d.w.get(), call.filter(),
                                  d.convolution.get(), call.algorithm(), call.workspace(),
                                  call.workspace_bytes(), &zero, d.y.get(), p.y),
          "cudnnConvolutionForward");
    add_bias_and_activate(device, p.y, g.y_size() / g.out_channels, g.out_channels, p.bias, p.activation);
    return true;
}

template <class T>
bool convolution_cudnn(Cuda& device, const ConvolutionTransposedParameters<T>& p) {
    const ConvolutionGeometry& g = p.geometry;
    const CudnnCall<CudnnBackwardData, T> call(device, g);
    if (!call) return false;
    const T one = 1, zero = 0;
    const CudnnDescriptors& d = call.descriptors();
    call.put_filter(p.w);
    check(cudnnConvolutionBackwardData(device.cudnn(), &one, d.w.get(), call.filter(), d.y.get(), p.y,
                                       d.convolution.get(), call.algorithm(), call.workspace(),
                                       call.workspace_bytes(), &zero, d.x.get(), p.x),
          "cudnnConvolutionBackwardData");
    add_bias_and_activate(device, p.x, g.x_size() / g.in_channels, g.in_channels, p.bias, p.activation);
    return true;
}

template <class T>
bool convolution_cudnn(Cuda& device, const ConvolutionWeightGradientParameters<T>& p) {
    const ConvolutionGeometry& g = p.geometry;
    const CudnnCall<CudnnBackwardFilter, T> call(device, g);
    if (!call) return false;
    const T one = 1, zero = 0;
    const CudnnDescriptors& d = call.descriptors();
    check(cudnnConvolutionBackwardFilter(device.cudnn(), &one, d.x.get(), p.x, d.y.get(), p.y,
                                         d.convolution.get(), call.algorithm(), call.workspace(),
                                         call.workspace_bytes(), &zero, d.w.get(), call.filter()),
          "cudnnConvolutionBackwardFilter");
    call.take_filter(p.w, p.accumulate);
    return true;
}

}  // namespace gantry::cuda
