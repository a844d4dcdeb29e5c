#pragma once
#include "bias_activation.cuh"
#include "transpose.cuh"
#include <gantry/cuda/cudnn_plans.hpp>
#include <gantry/kernels/convolution.hpp>

#include <algorithm>
#include <type_traits>

namespace gantry::cuda {

// cuDNN's convolutions. Its images lie as ours, (image, row, column, channel). Its filters lie as (out, row,
// column, in), ours as (row, column, in, out): a transposition. Transposed weights are kept for the rest of
// the step (cudnn_filters.hpp). The gradient of a filter is made in the first part of the workspace; cuDNN
// works in the rest. Bias and activation take a pass of their own.

/// What the three directions have in common.
template <class Algorithm, class T>
class CudnnCall {
public:
    CudnnCall(Cuda& device, const ConvolutionGeometry& g) : device_(device), geometry_(g) {
        constexpr auto type = std::is_same_v<T, float> ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;
        const std::size_t all = device.workspace().bytes();
        if (cudnn_knows(g) && reserved_bytes() <= all)
            entry_ = &device.cudnn_plans().find<Algorithm>(device.cudnn(), g, type, device.options().tf32,
                                                           all - reserved_bytes());
    }
    /// Whether cuDNN can do it.
    explicit operator bool() const { return entry_ && entry_->plan; }

    const CudnnDescriptors& descriptors() const { return entry_->descriptors; }
    Algorithm algorithm() const { return entry_->plan->algorithm; }
    void* workspace() const { return static_cast<std::byte*>(device_.workspace().data()) + reserved_bytes(); }
    std::size_t workspace_bytes() const { return entry_->plan->workspace; }

    /// Our weights as cuDNN's filter. `stays`: as ConvolutionParameters::w_stays.
    const T* filter_of(const T* w, bool stays) const {
        const std::size_t bytes = geometry_.w_size() * sizeof(T);
        const auto make = [&] {
            auto* filter = static_cast<T*>(device_.arena().allocate(bytes));
            transpose(device_, w, filter, filter_rows(), geometry_.out_channels);
            return filter;
        };
        if (!stays) return make();
        CudnnFilters& filters = device_.cudnn_filters();
        void* filter = filters.find(w, bytes, {device_.step(), device_.tape().overwrites()});
        if (!filter) filters.keep(w, bytes, filter = make());
        return static_cast<const T*>(filter);
    }
    /// Where cuDNN puts the gradient of its filter, and from there into ours.
    T* filter_gradient() const { return static_cast<T*>(device_.workspace().data()); }
    void take_filter_gradient(T* w, bool accumulate) const {
        transpose(device_, static_cast<const T*>(filter_gradient()), w, geometry_.out_channels, filter_rows(),
                  accumulate);
    }

private:
    int filter_rows() const {
        return geometry_.vertical.size * geometry_.horizontal.size * geometry_.in_channels;
    }
    /// The first bytes of the workspace, which cuDNN must not use.
    std::size_t reserved_bytes() const {
        if constexpr (std::is_same_v<Algorithm, CudnnBackwardFilter>)
            return ceil_div<std::size_t>(geometry_.w_size() * sizeof(T), 256) * 256;
        else
            return 0;
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
    const T* filter = call.filter_of(p.w, p.w_stays);
    check(cudnnConvolutionForward(device.cudnn(), &one, d.x.get(), p.x, d.w.get(), filter,
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
    const T* filter = call.filter_of(p.w, p.w_stays);
    check(cudnnConvolutionBackwardData(device.cudnn(), &one, d.w.get(), filter, d.y.get(), p.y,
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
                                         call.workspace_bytes(), &zero, d.w.get(), call.filter_gradient()),
          "cudnnConvolutionBackwardFilter");
    call.take_filter_gradient(p.w, p.accumulate);
    return true;
}

}  // namespace gantry::cuda
