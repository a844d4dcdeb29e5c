// Emulates the cuDNN 9 calls that gantry makes: convolutions through the graph API, of images (image, row,
// column, channel), computed in double. Checks arguments at least as strictly as the real library: invalid or
// inconsistent ones return CUDNN_STATUS_BAD_PARAM, unsupported ones CUDNN_STATUS_NOT_SUPPORTED. (Real
// descriptors work without a GPU; the emulator was compared with those of cuDNN 9.19.)
#include "cudnn_descriptor.hpp"
#include "gpu.hpp"
#include "library_call.hpp"
#include "library_objects.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <cudnn.h>

struct cudnnContext {
    int gpu = cuda_emulator::current_gpu();
    cudaStream_t stream = nullptr;
};

namespace cuda_emulator {
namespace {

Objects<cudnnContext> handles;

// -- convolutions ------------------------------------------------------------------------------------------

struct Tensor {
    std::int64_t id, alignment;
    cudnnDataType_t type;
    std::array<int, 4> extents;  ///< image, channel, row, column; of a filter: out, in, row, column
    bool channels_last;

    explicit Tensor(const CudnnDescriptor& d)
        : id(d.one<std::int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID)),
          alignment(d.one<std::int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT)),
          type(d.one<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE)) {
        const auto sizes = d.all<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS),
                   strides = d.all<std::int64_t>(CUDNN_ATTR_TENSOR_STRIDES);
        for (std::size_t i = 0; i < 4; ++i) extents[i] = static_cast<int>(sizes[i]);
        channels_last = strides == std::vector<std::int64_t>{sizes[1] * sizes[2] * sizes[3], 1,
                                                             sizes[3] * sizes[1], sizes[1]};
    }
    int n() const { return extents[0]; }
    int c() const { return extents[1]; }
    int h() const { return extents[2]; }
    int w() const { return extents[3]; }
    std::size_t size() const {
        std::size_t product = 1;
        for (const int extent : extents) product *= static_cast<std::size_t>(extent);
        return product;
    }
    std::size_t element() const { return type == CUDNN_DATA_FLOAT ? sizeof(float) : sizeof(double); }
    std::size_t bytes() const { return size() * element(); }
};

enum class Role { x, y, w };

/// A convolution, read from its operation descriptor.
struct Problem {
    Tensor x, y, w;
    Role result;
    std::array<std::int64_t, 2> padding, padding_behind, stride, dilation;
    cudnnDataType_t compute_type;
    cudnnConvolutionMode_t mode;
    std::vector<std::byte> alpha, beta;

    /// The attribute names of an operation.
    struct Names {
        Role result;
        cudnnBackendAttributeName_t x, y, w, convolution, alpha, beta;
    };
    static Names names(cudnnBackendDescriptorType_t operation) {
        if (operation == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
            return {Role::y,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
        if (operation == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR)
            return {Role::x,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
        return {Role::w,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
    }
    explicit Problem(const CudnnDescriptor& operation) : Problem(operation, names(operation.type)) {}

    /// Validates the convolution. Real engines report some of these errors only when a plan is made.
    cudnnStatus_t status() const {
        const auto places = [&](int in, int size, std::size_t axis) {
            return (in + padding[axis] + padding_behind[axis] - (dilation[axis] * (size - 1) + 1)) /
                       stride[axis] +
                   1;
        };
        if (x.type != y.type || x.type != w.type || x.c() != w.c() || y.c() != w.n() || x.n() != y.n() ||
            y.h() != places(x.h(), w.h(), 0) || y.w() != places(x.w(), w.w(), 1))
            return CUDNN_STATUS_BAD_PARAM;
        if (alpha.size() != x.element() || beta.size() != x.element()) return CUDNN_STATUS_BAD_PARAM;
        if (compute_type != x.type || mode != CUDNN_CROSS_CORRELATION || padding != padding_behind ||
            !x.channels_last || !y.channels_last || !w.channels_last)
            return CUDNN_STATUS_NOT_SUPPORTED;
        return CUDNN_STATUS_SUCCESS;
    }

private:
    Problem(const CudnnDescriptor& operation, const Names& n)
        : x(operation.child(n.x)),
          y(operation.child(n.y)),
          w(operation.child(n.w)),
          result(n.result),
          compute_type(operation.child(n.convolution).one<cudnnDataType_t>(CUDNN_ATTR_CONVOLUTION_COMP_TYPE)),
          mode(operation.child(n.convolution).one<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE)),
          alpha(operation.attributes.at(n.alpha).values),
          beta(operation.attributes.at(n.beta).values) {
        const CudnnDescriptor& convolution = operation.child(n.convolution);
        const auto pair = [&](cudnnBackendAttributeName_t name) {
            const auto values = convolution.all<std::int64_t>(name);
            return std::array{values[0], values[1]};
        };
        padding = pair(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS);
        padding_behind = pair(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS);
        stride = pair(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES);
        dilation = pair(CUDNN_ATTR_CONVOLUTION_DILATIONS);
    }
};

/// Calls f(index into x, into y, into w) for each product.
template <class F>
void each_product(const Problem& p, const F& f) {
    const auto at = [](int a, std::int64_t b, int of_b, std::int64_t c, int of_c, int d, int of_d) {
        return static_cast<std::size_t>(((std::int64_t{a} * of_b + b) * of_c + c) * of_d + d);
    };
    for (int n = 0; n < p.y.n(); ++n)
        for (int oy = 0; oy < p.y.h(); ++oy)
            for (int ox = 0; ox < p.y.w(); ++ox)
                for (int ky = 0; ky < p.w.h(); ++ky)
                    for (int kx = 0; kx < p.w.w(); ++kx) {
                        const std::int64_t iy = oy * p.stride[0] - p.padding[0] + ky * p.dilation[0];
                        const std::int64_t ix = ox * p.stride[1] - p.padding[1] + kx * p.dilation[1];
                        if (iy < 0 || iy >= p.x.h() || ix < 0 || ix >= p.x.w()) continue;
                        for (int k = 0; k < p.w.n(); ++k)
                            for (int c = 0; c < p.w.c(); ++c)
                                f(at(n, iy, p.x.h(), ix, p.x.w(), c, p.x.c()),
                                  at(n, oy, p.y.h(), ox, p.y.w(), k, p.y.c()),
                                  at(k, ky, p.w.h(), kx, p.w.w(), c, p.w.c()));
                    }
}

/// result = alpha * products + beta * result
template <class T>
void convolve(const Problem& p, bool tf32, void* x, void* y, void* w) {
    T* const at_x = static_cast<T*>(x);
    T* const at_y = static_cast<T*>(y);
    T* const at_w = static_cast<T*>(w);
    T* const result = p.result == Role::x ? at_x : p.result == Role::y ? at_y : at_w;
    T alpha, beta;
    std::memcpy(&alpha, p.alpha.data(), sizeof(T));
    std::memcpy(&beta, p.beta.data(), sizeof(T));
    const auto value = [&](T number) { return tf32 ? to_tf32(number) : static_cast<double>(number); };
    const Tensor& of_result = p.result == Role::x ? p.x : p.result == Role::y ? p.y : p.w;
    std::vector<double> sums(of_result.size());
    each_product(p, [&](std::size_t i, std::size_t o, std::size_t t) {
        if (p.result == Role::x) sums[i] += value(at_y[o]) * value(at_w[t]);
        if (p.result == Role::y) sums[o] += value(at_x[i]) * value(at_w[t]);
        if (p.result == Role::w) sums[t] += value(at_x[i]) * value(at_y[o]);
    });
    for (std::size_t i = 0; i < sums.size(); ++i)
        result[i] =
            static_cast<T>(static_cast<double>(alpha) * sums[i] +
                           (beta != 0 ? static_cast<double>(beta) * static_cast<double>(result[i]) : 0));
}

// -- engines -----------------------------------------------------------------------------------------------

/// An engine of the emulator's cuDNN. `weights`: its workspace in multiples of the filter's bytes, plus
/// `more`. `time`: its duration by the event clock; tests do not wait that long.
struct Engine {
    std::int64_t index;
    std::vector<cudnnBackendNumericalNote_t> numerics;
    std::vector<cudnnBackendBehaviorNote_t> behavior;
    std::size_t weights, more;
    std::chrono::seconds time;
    bool float_only = false, forward_only = false, never = false;

    bool supports(const Problem& p) const {
        return !never && !(float_only && p.x.type != CUDNN_DATA_FLOAT) &&
               !(forward_only && p.result != Role::y);
    }
    std::size_t workspace(const Problem& p) const { return weights * p.w.bytes() + more; }
    bool tf32() const {
        return std::count(numerics.begin(), numerics.end(), CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
    }
};

/// In the order of the heuristics; the last is the fallback. As in the real library, the first ones use
/// tensor cores or round differently, some never match gantry's requirements, and a recommended one turns out
/// not to support the graph. Of the exact ones the second is faster than the first.
const std::vector<Engine>& engines() {
    using std::chrono::seconds;
    static const std::vector<Engine> all{
        {.index = 10,
         .numerics = {CUDNN_NUMERICAL_NOTE_TENSOR_CORE},
         .behavior = {},
         .weights = 0,
         .more = 131,
         .time = seconds(10),
         .float_only = true},
        {.index = 16,
         .numerics = {CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS},
         .behavior = {},
         .weights = 0,
         .more = 0,
         .time = seconds(15),
         .float_only = true},
        {.index = 17,
         .numerics = {CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION},
         .behavior = {},
         .weights = 0,
         .more = 0,
         .time = seconds(15),
         .float_only = true},
        {.index = 11,
         .numerics = {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC},
         .behavior = {},
         .weights = 0,
         .more = 0,
         .time = seconds(1)},
        {.index = 12,
         .numerics = {},
         .behavior = {CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION},
         .weights = 0,
         .more = 0,
         .time = seconds(1)},
        {.index = 13,
         .numerics = {},
         .behavior = {},
         .weights = 0,
         .more = 0,
         .time = seconds(1),
         .never = true},
        {.index = 14, .numerics = {}, .behavior = {}, .weights = 2, .more = 0, .time = seconds(40)},
        {.index = 15, .numerics = {}, .behavior = {}, .weights = 1, .more = 0, .time = seconds(20)},
        {.index = 0,
         .numerics = {CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP},
         .behavior = {},
         .weights = 0,
         .more = 0,
         .time = seconds(100),
         .forward_only = true},
    };
    return all;
}
const Engine& engine_of(const CudnnDescriptor& configuration) {
    const auto index =
        configuration.child(CUDNN_ATTR_ENGINECFG_ENGINE).one<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
    return *std::find_if(engines().begin(), engines().end(),
                         [&](const Engine& engine) { return engine.index == index; });
}

/// An engine configuration for a graph, as returned by heuristics.
CudnnContent configuration_of(const Engine& engine, const CudnnContent& graph) {
    auto described =
        std::make_shared<CudnnDescriptor>(CudnnDescriptor{CUDNN_BACKEND_ENGINE_DESCRIPTOR, true});
    described->put(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, std::vector{engine.index});
    described->put(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, engine.numerics);
    described->put(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, engine.behavior);
    auto configuration =
        std::make_shared<CudnnDescriptor>(CudnnDescriptor{CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, true});
    configuration->attributes[CUDNN_ATTR_ENGINECFG_ENGINE] = {1, {}, {std::move(described)}};
    // The graph it is for; programs cannot read this attribute.
    configuration->attributes[CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH] = {1, {}, {graph}};
    return configuration;
}
/// The convolution that a plan computes.
Problem problem_of(const CudnnDescriptor& plan) {
    return Problem(plan.child(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG)
                       .child(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH)
                       .child(CUDNN_ATTR_OPERATIONGRAPH_OPS));
}

// -- finalizing --------------------------------------------------------------------------------------------

cudnnStatus_t check_tensor(const CudnnDescriptor& tensor) {
    double size = 1;
    for (const std::int64_t extent : tensor.all<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS)) {
        if (extent <= 0) return CUDNN_STATUS_BAD_PARAM;
        size *= static_cast<double>(extent);
    }
    const auto type = tensor.one<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE);
    const bool known = type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_DOUBLE;
    return !known || size > INT_MAX ? CUDNN_STATUS_NOT_SUPPORTED : CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t check_convolution(const CudnnDescriptor& convolution) {
    const auto all_from = [&](cudnnBackendAttributeName_t name, std::int64_t least) {
        const auto values = convolution.all<std::int64_t>(name);
        return std::all_of(values.begin(), values.end(), [&](std::int64_t value) { return value >= least; });
    };
    return all_from(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 0) &&
                   all_from(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, 0) &&
                   all_from(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 1) &&
                   all_from(CUDNN_ATTR_CONVOLUTION_DILATIONS, 1) &&
                   convolution.one<std::int64_t>(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS) == 2
               ? CUDNN_STATUS_SUCCESS
               : CUDNN_STATUS_BAD_PARAM;
}
cudnnStatus_t recommend(CudnnDescriptor& heuristics) {
    const bool fallback =
        heuristics.one<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE) == CUDNN_HEUR_MODE_FALLBACK;
    const CudnnContent graph =
        heuristics.attributes.at(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH).contents.front();
    CudnnAttribute results;
    for (const Engine& engine : engines())
        if ((&engine == &engines().back()) == fallback)
            results.contents.push_back(configuration_of(engine, graph));
    results.count = results.contents.size();
    heuristics.attributes[CUDNN_ATTR_ENGINEHEUR_RESULTS] = std::move(results);
    return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t make_plan(CudnnDescriptor& plan) {
    const Problem problem = problem_of(plan);
    const Engine& engine = engine_of(plan.child(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG));
    if (!engine.supports(problem)) return CUDNN_STATUS_NOT_SUPPORTED_SHAPE;
    plan.put(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
             std::vector{static_cast<std::int64_t>(engine.workspace(problem))});
    return CUDNN_STATUS_SUCCESS;
}

// -- executing ---------------------------------------------------------------------------------------------

const char* name_of(Role result) {
    return result == Role::y   ? "cudnn forward"
           : result == Role::x ? "cudnn backward data"
                               : "cudnn backward filter";
}

cudnnStatus_t execute(cudnnHandle_t handle, const CudnnDescriptor& plan, const CudnnDescriptor& pack) {
    const Problem p = problem_of(plan);
    const Engine& engine = engine_of(plan.child(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG));
    const auto ids = pack.all<std::int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
    const auto pointers = pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
    const auto address = [&](const Tensor& tensor) -> void* {
        const auto found = std::find(ids.begin(), ids.end(), tensor.id);
        return found == ids.end() ? nullptr : pointers[static_cast<std::size_t>(found - ids.begin())];
    };
    const std::array<const Tensor*, 3> tensors{&p.x, &p.y, &p.w};
    std::vector<Range> reads, writes;
    const bool adds =
        std::any_of(p.beta.begin(), p.beta.end(), [](std::byte b) { return b != std::byte{0}; });
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        void* const at = address(*tensors[i]);
        if (!at) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
        if (reinterpret_cast<std::uintptr_t>(at) % static_cast<std::uintptr_t>(tensors[i]->alignment) != 0)
            return CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER;
        const Range range{at, tensors[i]->bytes()};
        const bool is_result = i == static_cast<std::size_t>(p.result);
        if (!is_result || adds) reads.push_back(range);
        if (is_result) writes.push_back(range);
    }
    void* const workspace = pack.one<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
    const std::size_t bytes = engine.workspace(p);
    if (bytes > 0 && !workspace) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
    writes.push_back({workspace, bytes, 1, 0, false});
    const auto work = [p, &engine, workspace, bytes, x = address(p.x), y = address(p.y), w = address(p.w)] {
        if (bytes > 0) std::memset(workspace, 0xFF, bytes);  // the engine may overwrite it
        (p.x.type == CUDNN_DATA_FLOAT ? convolve<float> : convolve<double>)(p, engine.tf32(), x, y, w);
        gpu().time += engine.time;
    };
    return library_call(name_of(p.result), handle->stream, reads, writes, work)
               ? CUDNN_STATUS_SUCCESS
               : CUDNN_STATUS_EXECUTION_FAILED;
}

}  // namespace

cudnnStatus_t cudnn_finalize(CudnnDescriptor& descriptor) {
    switch (descriptor.type) {
        case CUDNN_BACKEND_TENSOR_DESCRIPTOR:
            return check_tensor(descriptor);
        case CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR:
            return check_convolution(descriptor);
        case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
        case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
        case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
            return Problem(descriptor).status();
        case CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR:
            return is_cudnn_handle(descriptor.one<cudnnHandle_t>(CUDNN_ATTR_DEVICEPROP_HANDLE))
                       ? CUDNN_STATUS_SUCCESS
                       : CUDNN_STATUS_BAD_PARAM;
        case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
            return recommend(descriptor);
        case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
            return make_plan(descriptor);
        case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR:
            return descriptor.attributes.at(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS).count ==
                           descriptor.attributes.at(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS).count
                       ? CUDNN_STATUS_SUCCESS
                       : CUDNN_STATUS_BAD_PARAM;
        default:
            return CUDNN_STATUS_SUCCESS;
    }
}

bool is_cudnn_handle(cudnnHandle_t handle) { return handles.has(handle); }

std::size_t living_cudnn_objects() { return handles.size() + living_cudnn_descriptors(); }

}  // namespace cuda_emulator

using namespace cuda_emulator;  // NOLINT: this file is their other half

extern "C" {

size_t cudnnGetVersion(void) { return CUDNN_VERSION; }
cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
    if (!handle) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
    if (!library_host_call("cudnnCreate")) return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
    *handle = handles.create();
    return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
    if (!handle) return CUDNN_STATUS_SUCCESS;
    if (!handles.has(handle)) return CUDNN_STATUS_BAD_PARAM;
    if (handle->gpu != current_gpu()) return CUDNN_STATUS_INTERNAL_ERROR;
    handles.destroy(handle);
    return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
    if (!handles.has(handle)) return CUDNN_STATUS_BAD_PARAM;
    if (handle->gpu != cuda_emulator::gpu_of(stream)) return CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH;
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                  cudnnBackendDescriptor_t pack) {
    const auto plan_content = cudnn_content(plan), pack_content = cudnn_content(pack);
    if (!handles.has(handle) || !plan_content || !pack_content) return CUDNN_STATUS_BAD_PARAM;
    if (plan_content->type != CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR ||
        pack_content->type != CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
        return CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE;
    if (!plan_content->finalized || !pack_content->finalized) return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
    return execute(handle, *plan_content, *pack_content);
}
}
