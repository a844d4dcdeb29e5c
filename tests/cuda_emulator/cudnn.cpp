// Answers to the calls of cuDNN 9 that gantry makes: convolutions of images (image, row, column, channel),
// computed in double. Arguments are checked as the real library does: what is wrong or does not fit together
// is CUDNN_STATUS_BAD_PARAM, what it has no algorithm for CUDNN_STATUS_NOT_SUPPORTED. (Descriptors do that
// without a GPU: they were compared with cuDNN 9.19.)
#include "library_call.hpp"
#include "library_objects.hpp"

#include <array>
#include <climits>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <cudnn.h>

struct cudnnContext {
    int gpu = cuda_emulator::current_gpu();
    cudaStream_t stream = nullptr;
};
/// Extents are 0 until they are set.
struct cudnnTensorStruct {
    cudnnTensorFormat_t format;
    cudnnDataType_t type;
    int n = 0, c = 0, h = 0, w = 0;
};
struct cudnnFilterStruct {
    cudnnTensorFormat_t format;
    cudnnDataType_t type;
    int k = 0, c = 0, h = 0, w = 0;
};
struct cudnnConvolutionStruct {
    cudnnConvolutionMode_t mode;
    cudnnDataType_t type;
    int pad_h = 0, pad_w = 0, stride_h = 0, stride_w = 0, dilation_h = 0, dilation_w = 0;
    cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};

namespace cuda_emulator {
namespace {

Objects<cudnnContext> handles;
Objects<cudnnTensorStruct> tensors;
Objects<cudnnFilterStruct> filters;
Objects<cudnnConvolutionStruct> convolutions;

template <class Object>
cudnnStatus_t create(const char* name, Objects<Object>& objects, Object** object) {
    if (!object) return CUDNN_STATUS_BAD_PARAM;
    if (!library_host_call(name)) return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
    *object = objects.create();
    return CUDNN_STATUS_SUCCESS;
}
/// Null is allowed.
template <class Object>
cudnnStatus_t destroy(Objects<Object>& objects, Object* object) {
    if (!object) return CUDNN_STATUS_SUCCESS;
    if (!objects.has(object)) return CUDNN_STATUS_BAD_PARAM;
    objects.destroy(object);
    return CUDNN_STATUS_SUCCESS;
}

bool is_type(cudnnDataType_t type) { return type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_DOUBLE; }
bool is_format(cudnnTensorFormat_t format) {
    return format == CUDNN_TENSOR_NCHW || format == CUDNN_TENSOR_NHWC;
}

/// Tensors of 2^31 elements are too large for this part of cuDNN.
cudnnStatus_t set_extents(std::array<int*, 4> to, std::array<int, 4> extents, cudnnDataType_t type,
                          cudnnTensorFormat_t format) {
    double size = 1;
    for (const int extent : extents) {
        if (extent <= 0) return CUDNN_STATUS_BAD_PARAM;
        size *= extent;
    }
    if (!is_type(type) || !is_format(format)) return CUDNN_STATUS_BAD_PARAM;
    if (size > INT_MAX) return CUDNN_STATUS_NOT_SUPPORTED;
    for (std::size_t i = 0; i < 4; ++i) *to[i] = extents[i];
    return CUDNN_STATUS_SUCCESS;
}

/// A convolution whose descriptors fit together, copied: they may change before it runs.
struct Problem {
    cudnnTensorStruct x, y;
    cudnnFilterStruct w;
    cudnnConvolutionStruct c;

    std::size_t x_size() const { return size(x.n, x.c, x.h, x.w); }
    std::size_t y_size() const { return size(y.n, y.c, y.h, y.w); }
    std::size_t w_size() const { return size(w.k, w.c, w.h, w.w); }
    std::size_t element() const { return x.type == CUDNN_DATA_FLOAT ? sizeof(float) : sizeof(double); }

private:
    static std::size_t size(int a, int b, int c, int d) {
        return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) *
               static_cast<std::size_t>(d);
    }
};

cudnnStatus_t describe(Problem& p, cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                       cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y) {
    if (!handles.has(handle) || !tensors.has(x) || !filters.has(w) || !convolutions.has(convolution) ||
        !tensors.has(y))
        return CUDNN_STATUS_BAD_PARAM;
    p = {*x, *y, *w, *convolution};
    if (p.x.n == 0 || p.y.n == 0 || p.w.k == 0 || p.c.stride_h == 0) return CUDNN_STATUS_BAD_PARAM;
    const auto places = [](int in, int pad, int dilation, int size, int stride) {
        return (in + 2 * pad - (dilation * (size - 1) + 1)) / stride + 1;
    };
    if (p.x.type != p.y.type || p.x.type != p.w.type || p.x.c != p.w.c || p.y.c != p.w.k || p.x.n != p.y.n ||
        p.y.h != places(p.x.h, p.c.pad_h, p.c.dilation_h, p.w.h, p.c.stride_h) ||
        p.y.w != places(p.x.w, p.c.pad_w, p.c.dilation_w, p.w.w, p.c.stride_w))
        return CUDNN_STATUS_BAD_PARAM;
    if (p.c.type != p.x.type || p.c.mode != CUDNN_CROSS_CORRELATION || p.x.format != CUDNN_TENSOR_NHWC ||
        p.y.format != CUDNN_TENSOR_NHWC || p.w.format != CUDNN_TENSOR_NHWC)
        return CUDNN_STATUS_NOT_SUPPORTED;
    return CUDNN_STATUS_SUCCESS;
}

/// What there is to know of an algorithm. Of each kind there are two for channels-last images, the first of
/// them the faster one.
struct Traits {
    bool supported = false, deterministic = false;
    std::size_t workspace = 0;
};
Traits traits(const Problem& p, cudnnConvolutionFwdAlgo_t algorithm) {
    const std::size_t indices = static_cast<std::size_t>(p.y.h) * static_cast<std::size_t>(p.y.w) *
                                static_cast<std::size_t>(p.w.h) * static_cast<std::size_t>(p.w.w);
    if (algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM)
        return {true, true, indices * sizeof(int)};
    return {algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, true, 0};
}
Traits traits(const Problem& p, cudnnConvolutionBwdDataAlgo_t algorithm) {
    if (algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_0) return {true, false, 0};
    return {algorithm == CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, true, p.w_size() * p.element()};
}
Traits traits(const Problem& p, cudnnConvolutionBwdFilterAlgo_t algorithm) {
    if (algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0) return {true, false, 0};
    return {algorithm == CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, true, 2 * p.w_size() * p.element()};
}

/// Up to `requested` algorithms in `order`, the fastest first; those that are not supported are listed as
/// such.
template <class Result, class Algorithm, std::size_t N>
cudnnStatus_t list(const char* name, const Problem& p, const std::array<Algorithm, N>& order, int requested,
                   int* returned, Result* results) {
    if (requested < 1 || !returned || !results) return CUDNN_STATUS_BAD_PARAM;
    if (!library_host_call(name)) return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
    *returned = 0;
    for (const Algorithm algorithm : order) {
        if (*returned == requested) break;
        const Traits t = traits(p, algorithm);
        results[(*returned)++] = {
            algorithm,   t.supported ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED,
            -1,  // not measured
            t.workspace, t.deterministic ? CUDNN_DETERMINISTIC : CUDNN_NON_DETERMINISTIC, p.c.math, {}};
    }
    return CUDNN_STATUS_SUCCESS;
}

template <class Algorithm>
cudnnStatus_t workspace_size(const char* name, const Problem& p, Algorithm algorithm, std::size_t* bytes) {
    if (!bytes) return CUDNN_STATUS_BAD_PARAM;
    const Traits t = traits(p, algorithm);
    if (!t.supported) return CUDNN_STATUS_NOT_SUPPORTED;
    if (!library_host_call(name)) return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
    *bytes = t.workspace;
    return CUDNN_STATUS_SUCCESS;
}

/// Calls f(index into x, into y, into w) for each product.
template <class F>
void each_product(const Problem& p, const F& f) {
    const auto at = [](int a, int b, int of_b, int c, int of_c, int d, int of_d) {
        return ((static_cast<std::size_t>(a) * of_b + b) * of_c + c) * of_d + d;
    };
    for (int n = 0; n < p.y.n; ++n)
        for (int oy = 0; oy < p.y.h; ++oy)
            for (int ox = 0; ox < p.y.w; ++ox)
                for (int ky = 0; ky < p.w.h; ++ky)
                    for (int kx = 0; kx < p.w.w; ++kx) {
                        const int iy = oy * p.c.stride_h - p.c.pad_h + ky * p.c.dilation_h;
                        const int ix = ox * p.c.stride_w - p.c.pad_w + kx * p.c.dilation_w;
                        if (iy < 0 || iy >= p.x.h || ix < 0 || ix >= p.x.w) continue;
                        for (int k = 0; k < p.w.k; ++k)
                            for (int c = 0; c < p.w.c; ++c)
                                f(at(n, iy, p.x.h, ix, p.x.w, c, p.x.c),
                                  at(n, oy, p.y.h, ox, p.y.w, k, p.y.c),
                                  at(k, ky, p.w.h, kx, p.w.w, c, p.w.c));
                    }
}

enum class Role { x, y, w };

/// The work of one convolution: result = alpha * products + beta * result, where `role` says which of the
/// three is the result.
template <class T>
void convolve(const Problem& p, Role role, const void* scale, const void* old_scale, void* x, void* y,
              void* w) {
    T* const at_x = static_cast<T*>(x);
    T* const at_y = static_cast<T*>(y);
    T* const at_w = static_cast<T*>(w);
    T* const result = role == Role::x ? at_x : role == Role::y ? at_y : at_w;
    T alpha, beta;
    std::memcpy(&alpha, scale, sizeof(T));
    std::memcpy(&beta, old_scale, sizeof(T));
    const auto value = [tf32 = p.c.math != CUDNN_FMA_MATH](T number) {
        return tf32 ? to_tf32(number) : static_cast<double>(number);
    };
    std::vector<double> sums(role == Role::x ? p.x_size() : role == Role::y ? p.y_size() : p.w_size());
    each_product(p, [&](std::size_t i, std::size_t o, std::size_t t) {
        if (role == Role::x) sums[i] += value(at_y[o]) * value(at_w[t]);
        if (role == Role::y) sums[o] += value(at_x[i]) * value(at_w[t]);
        if (role == Role::w) sums[t] += value(at_x[i]) * value(at_y[o]);
    });
    for (std::size_t i = 0; i < sums.size(); ++i)
        result[i] =
            static_cast<T>(static_cast<double>(alpha) * sums[i] +
                           (beta != 0 ? static_cast<double>(beta) * static_cast<double>(result[i]) : 0));
}

template <class Algorithm>
cudnnStatus_t run(const char* name, cudnnHandle_t handle, const Problem& p, Role role, Algorithm algorithm,
                  const void* alpha, const void* beta, const void* x, const void* y, const void* w,
                  void* workspace, std::size_t workspace_bytes) {
    if (!alpha || !beta || !x || !y || !w) return CUDNN_STATUS_BAD_PARAM;
    const Traits t = traits(p, algorithm);
    if (!t.supported) return CUDNN_STATUS_NOT_SUPPORTED;
    if (t.workspace > 0 && (!workspace || workspace_bytes < t.workspace)) return CUDNN_STATUS_BAD_PARAM;

    std::array<char, sizeof(double)> scale{}, old_scale{};
    std::memcpy(scale.data(), alpha, p.element());
    std::memcpy(old_scale.data(), beta, p.element());
    const bool adds = p.x.type == CUDNN_DATA_FLOAT ? *static_cast<const float*>(beta) != 0
                                                   : *static_cast<const double*>(beta) != 0;
    const Range ranges[] = {
        {x, p.x_size() * p.element()}, {y, p.y_size() * p.element()}, {w, p.w_size() * p.element()}};
    std::vector<Range> reads, writes{{workspace, t.workspace, 1, 0, false}};
    for (const Role each : {Role::x, Role::y, Role::w}) {
        const Range& range = ranges[static_cast<std::size_t>(each)];
        if (each != role || adds) reads.push_back(range);
        if (each == role) writes.push_back(range);
    }
    const auto work = [=] {
        if (t.workspace > 0) std::memset(workspace, 0xFF, t.workspace);  // it is the algorithm's
        const auto convolve_as = p.x.type == CUDNN_DATA_FLOAT ? convolve<float> : convolve<double>;
        convolve_as(p, role, scale.data(), old_scale.data(), const_cast<void*>(x), const_cast<void*>(y),
                    const_cast<void*>(w));
    };
    return library_call(name, handle->stream, reads, writes, work) ? CUDNN_STATUS_SUCCESS
                                                                   : CUDNN_STATUS_EXECUTION_FAILED;
}

}  // namespace

std::size_t living_cudnn_objects() {
    return handles.size() + tensors.size() + filters.size() + convolutions.size();
}

}  // namespace cuda_emulator

using namespace cuda_emulator;  // NOLINT: this file is their other half

extern "C" {

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { return create("cudnnCreate", handles, handle); }
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
    if (handles.has(handle) && handle->gpu != cuda_emulator::current_gpu())
        return CUDNN_STATUS_INTERNAL_ERROR;
    return destroy(handles, handle);
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
    if (!handles.has(handle)) return CUDNN_STATUS_BAD_PARAM;
    if (handle->gpu != cuda_emulator::gpu_of(stream)) return CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH;
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
    return create("cudnnCreateTensorDescriptor", tensors, tensor);
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
    return destroy(tensors, tensor);
}
cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
    if (!tensors.has(tensor)) return CUDNN_STATUS_BAD_PARAM;
    tensor->format = format;
    tensor->type = type;
    return set_extents({&tensor->n, &tensor->c, &tensor->h, &tensor->w}, {n, c, h, w}, type, format);
}
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
    return create("cudnnCreateFilterDescriptor", filters, filter);
}
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) {
    return destroy(filters, filter);
}
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
    if (!filters.has(filter)) return CUDNN_STATUS_BAD_PARAM;
    filter->format = format;
    filter->type = type;
    return set_extents({&filter->k, &filter->c, &filter->h, &filter->w}, {k, c, h, w}, type, format);
}
cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convolution) {
    return create("cudnnCreateConvolutionDescriptor", convolutions, convolution);
}
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution) {
    return destroy(convolutions, convolution);
}
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w,
                                              int u, int v, int dilation_h, int dilation_w,
                                              cudnnConvolutionMode_t mode, cudnnDataType_t type) {
    if (!convolutions.has(convolution) || pad_h < 0 || pad_w < 0 || u <= 0 || v <= 0 || dilation_h <= 0 ||
        dilation_w <= 0 || (mode != CUDNN_CONVOLUTION && mode != CUDNN_CROSS_CORRELATION) || !is_type(type))
        return CUDNN_STATUS_BAD_PARAM;
    *convolution = {mode, type, pad_h, pad_w, u, v, dilation_h, dilation_w, convolution->math};
    return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math) {
    if (!convolutions.has(convolution) || math < CUDNN_DEFAULT_MATH || math > CUDNN_FMA_MATH)
        return CUDNN_STATUS_BAD_PARAM;
    convolution->math = math;
    return CUDNN_STATUS_SUCCESS;
}

// Each function first sees whether the descriptors fit together.

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                     const cudnnFilterDescriptor_t w,
                                                     const cudnnConvolutionDescriptor_t convolution,
                                                     const cudnnTensorDescriptor_t y, const int requested,
                                                     int* returned, cudnnConvolutionFwdAlgoPerf_t* results) {
    Problem p;
    if (const cudnnStatus_t status = describe(p, handle, x, w, convolution, y)) return status;
    return list(
        "cudnnGetConvolutionForwardAlgorithm", p,
        std::array{CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
                   CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD, CUDNN_CONVOLUTION_FWD_ALGO_FFT},
        requested, returned, results);
}
cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(
    cudnnHandle_t handle, const cudnnFilterDescriptor_t w, const cudnnTensorDescriptor_t dy,
    const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t dx, const int requested,
    int* returned, cudnnConvolutionBwdDataAlgoPerf_t* results) {
    Problem p;
    if (const cudnnStatus_t status = describe(p, handle, dx, w, convolution, dy)) return status;
    return list("cudnnGetConvolutionBackwardDataAlgorithm", p,
                std::array{CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1,
                           CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT},
                requested, returned, results);
}
cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnTensorDescriptor_t dy,
    const cudnnConvolutionDescriptor_t convolution, const cudnnFilterDescriptor_t dw, const int requested,
    int* returned, cudnnConvolutionBwdFilterAlgoPerf_t* results) {
    Problem p;
    if (const cudnnStatus_t status = describe(p, handle, x, dw, convolution, dy)) return status;
    return list("cudnnGetConvolutionBackwardFilterAlgorithm", p,
                std::array{CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1,
                           CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3},
                requested, returned, results);
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                      const cudnnFilterDescriptor_t w,
                                                      const cudnnConvolutionDescriptor_t convolution,
                                                      const cudnnTensorDescriptor_t y,
                                                      cudnnConvolutionFwdAlgo_t algorithm, size_t* bytes) {
    Problem p;
    if (const cudnnStatus_t status = describe(p, handle, x, w, convolution, y)) return status;
    return workspace_size("cudnnGetConvolutionForwardWorkspaceSize", p, algorithm, bytes);
}
cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
    cudnnHandle_t handle, const cudnnFilterDescriptor_t w, const cudnnTensorDescriptor_t dy,
    const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t dx,
    cudnnConvolutionBwdDataAlgo_t algorithm, size_t* bytes) {
    Problem p;
    if (const cudnnStatus_t status = describe(p, handle, dx, w, convolution, dy)) return status;
    return workspace_size("cudnnGetConvolutionBackwardDataWorkspaceSize", p, algorithm, bytes);
}
cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnTensorDescriptor_t dy,
    const cudnnConvolutionDescriptor_t convolution, const cudnnFilterDescriptor_t dw,
    cudnnConvolutionBwdFilterAlgo_t algorithm, size_t* bytes) {
    Problem p;
    if (const cudnnStatus_t status = describe(p, handle, x, dw, convolution, dy)) return status;
    return workspace_size("cudnnGetConvolutionBackwardFilterWorkspaceSize", p, algorithm, bytes);
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha,
                                      const cudnnTensorDescriptor_t x_descriptor, const void* x,
                                      const cudnnFilterDescriptor_t w_descriptor, const void* w,
                                      const cudnnConvolutionDescriptor_t convolution,
                                      cudnnConvolutionFwdAlgo_t algorithm, void* workspace,
                                      size_t workspace_bytes, const void* beta,
                                      const cudnnTensorDescriptor_t y_descriptor, void* y) {
    Problem p;
    if (const cudnnStatus_t status =
            describe(p, handle, x_descriptor, w_descriptor, convolution, y_descriptor))
        return status;
    return run("cudnnConvolutionForward", handle, p, Role::y, algorithm, alpha, beta, x, y, w, workspace,
               workspace_bytes);
}
cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha,
                                           const cudnnFilterDescriptor_t w_descriptor, const void* w,
                                           const cudnnTensorDescriptor_t dy_descriptor, const void* dy,
                                           const cudnnConvolutionDescriptor_t convolution,
                                           cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace,
                                           size_t workspace_bytes, const void* beta,
                                           const cudnnTensorDescriptor_t dx_descriptor, void* dx) {
    Problem p;
    if (const cudnnStatus_t status =
            describe(p, handle, dx_descriptor, w_descriptor, convolution, dy_descriptor))
        return status;
    return run("cudnnConvolutionBackwardData", handle, p, Role::x, algorithm, alpha, beta, dx, dy, w,
               workspace, workspace_bytes);
}
cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha,
                                             const cudnnTensorDescriptor_t x_descriptor, const void* x,
                                             const cudnnTensorDescriptor_t dy_descriptor, const void* dy,
                                             const cudnnConvolutionDescriptor_t convolution,
                                             cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace,
                                             size_t workspace_bytes, const void* beta,
                                             const cudnnFilterDescriptor_t dw_descriptor, void* dw) {
    Problem p;
    if (const cudnnStatus_t status =
            describe(p, handle, x_descriptor, dw_descriptor, convolution, dy_descriptor))
        return status;
    return run("cudnnConvolutionBackwardFilter", handle, p, Role::w, algorithm, alpha, beta, x, dy, dw,
               workspace, workspace_bytes);
}
}
