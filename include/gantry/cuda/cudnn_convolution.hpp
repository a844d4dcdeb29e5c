#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/options.hpp>
#include <gantry/cuda/convolution_direction.hpp>
#include <gantry/cuda/cudnn_descriptor.hpp>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace gantry::cuda {

// A convolution as an operation of cuDNN's graph API, and cuDNN's engines for it. x, y and w are those of
// ConvolutionGeometry, with extents (image, channel, row, column) and channels-last strides. Only w has
// another layout than gantry's: (out, row, column, in) instead of (row, column, in, out).

/// Required alignment of x, y and w in bytes.
inline constexpr std::int64_t cudnn_alignment = 16;

/// True if cuDNN can express the convolution: each tensor has 1 to 2^31 - 1 elements, and y's extents follow
/// from x's. (They do not for a transposed convolution whose output padding is at least its stride.) Groups
/// are not passed to it.
inline bool cudnn_knows(const contracts::ConvolutionGeometry& g) {
    const auto fits = [](std::size_t size) { return size > 0 && size <= INT_MAX; };
    const auto knows = [](const contracts::ConvolutionAxis& a) {
        return a.out == gantry::core::window_places(a.in, a.dilation * (a.size - 1) + 1, a.stride, a.padding);
    };
    return g.groups == 1 && fits(g.x_size()) && fits(g.y_size()) && fits(g.w_size()) && knows(g.vertical) &&
           knows(g.horizontal);
}

/// Requirements for an engine.
struct CudnnRequirements {
    bool tf32 = false;          ///< may round float to TF32 and use tensor cores
    bool deterministic = true;  ///< same bits in each run
    std::size_t workspace = 0;  ///< maximum workspace in bytes
};

/// An engine, configured and compiled for one convolution on one GPU.
struct CudnnPlan {
    CudnnDescriptor descriptor;
    std::size_t workspace;  ///< bytes
    std::int64_t engine;    ///< cuDNN's index of the engine
    bool tensor_cores;
};

namespace detail {

enum CudnnTensorId : std::int64_t { cudnn_x = 1, cudnn_y, cudnn_w };

inline CudnnDescriptor cudnn_tensor(CudnnTensorId id, cudnnDataType_t type, std::int64_t n, std::int64_t c,
                                    std::int64_t h, std::int64_t w) {
    CudnnDescriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, std::int64_t{id});
    tensor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, type);
    tensor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, cudnn_alignment);
    tensor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::span<const std::int64_t>(std::array{n, c, h, w}));
    tensor.set(CUDNN_ATTR_TENSOR_STRIDES,
               std::span<const std::int64_t>(std::array{h * w * c, std::int64_t{1}, w * c, c}));
    tensor.finalize();
    return tensor;
}

/// The attribute names of a convolution operation in one direction.
struct CudnnOperationNames {
    cudnnBackendDescriptorType_t operation;
    cudnnBackendAttributeName_t x, y, w, convolution, alpha, beta;
};
constexpr CudnnOperationNames cudnn_operation_names(ConvolutionDirection direction) {
    switch (direction) {
        case ConvolutionDirection::forward:
            return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
        case ConvolutionDirection::backward_data:
            return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                    CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
        case ConvolutionDirection::backward_filter:
            break;
    }
    return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
            CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
}

/// A graph of one operation: the convolution, which overwrites its result (beta = 0).
inline CudnnDescriptor cudnn_graph(ConvolutionDirection direction, const contracts::ConvolutionGeometry& g,
                                   cudnnDataType_t type) {
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const auto set_pair = [](CudnnDescriptor& d, cudnnBackendAttributeName_t name, int vertical,
                             int horizontal) {
        d.set(name, std::span<const std::int64_t>(std::array<std::int64_t, 2>{vertical, horizontal}));
    };
    CudnnDescriptor convolution(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    convolution.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2});
    convolution.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, type);
    convolution.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
    set_pair(convolution, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, v.padding, h.padding);
    set_pair(convolution, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, v.padding, h.padding);
    set_pair(convolution, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, v.stride, h.stride);
    set_pair(convolution, CUDNN_ATTR_CONVOLUTION_DILATIONS, v.dilation, h.dilation);
    convolution.finalize();

    const CudnnOperationNames names = cudnn_operation_names(direction);
    CudnnDescriptor operation(names.operation);
    operation.set(names.x, cudnn_tensor(cudnn_x, type, g.batch, g.in_channels, v.in, h.in));
    operation.set(names.y, cudnn_tensor(cudnn_y, type, g.batch, g.out_channels, v.out, h.out));
    operation.set(names.w, cudnn_tensor(cudnn_w, type, g.out_channels, g.in_channels, v.size, h.size));
    operation.set(names.convolution, convolution);
    if (type == CUDNN_DATA_DOUBLE) {
        operation.set(names.alpha, 1.0);
        operation.set(names.beta, 0.0);
    } else {
        operation.set(names.alpha, 1.f);
        operation.set(names.beta, 0.f);
    }
    operation.finalize();

    CudnnDescriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation);
    graph.finalize();
    return graph;
}

/// The plan for an engine configuration; none if it misses a requirement or does not support the graph.
inline std::optional<CudnnPlan> cudnn_plan(const CudnnDescriptor& configuration, const CudnnDescriptor& gpu,
                                           cudnnDataType_t type, const CudnnRequirements& required) {
    const CudnnDescriptor engine =
        configuration.get_descriptor(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    const auto numerics = engine.get_all<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                                                      CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
    const auto behavior = engine.get_all<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE,
                                                                     CUDNN_BEHAVIOR_NOTE_TYPE_COUNT);
    const auto has = [](const auto& notes, auto note) {
        return std::find(notes.begin(), notes.end(), note) != notes.end();
    };
    const bool tensor_cores = has(numerics, CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
    if (required.deterministic && has(numerics, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return {};
    // Tensor cores round float to TF32.
    if (type == CUDNN_DATA_FLOAT && !required.tf32 &&
        (tensor_cores || has(numerics, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS) ||
         has(numerics, CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)))
        return {};
    // Skip engines that are compiled at run time: that takes seconds for each shape.
    if (has(behavior, CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)) return {};

    CudnnDescriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, gpu);
    const cudnnStatus_t status = plan.try_finalize();
    if (CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED) return {};
    check(status, "cudnnBackendFinalize");  // any other failure must not be cached as "unsupported"
    const auto workspace =
        static_cast<std::size_t>(plan.get<std::int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
    if (workspace > required.workspace) return {};
    return CudnnPlan{std::move(plan), workspace, engine.get<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX),
                     tensor_cores};
}

}  // namespace detail

/// The device properties that plans require.
inline CudnnDescriptor cudnn_gpu(cudnnHandle_t handle) {
    CudnnDescriptor gpu(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    gpu.set(CUDNN_ATTR_DEVICEPROP_HANDLE, handle);
    gpu.finalize();
    return gpu;
}

/// Up to `most` plans that meet the requirements, in the order of speed that cuDNN's heuristics predict.
/// Empty if there is none.
inline std::vector<CudnnPlan> cudnn_plans(const CudnnDescriptor& gpu, ConvolutionDirection direction,
                                          const contracts::ConvolutionGeometry& g, cudnnDataType_t type,
                                          const CudnnRequirements& required, std::size_t most) {
    const CudnnDescriptor graph = detail::cudnn_graph(direction, g, type);
    std::vector<CudnnPlan> plans;
    for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
        CudnnDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
        heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
        heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
        heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, gpu);
        heuristics.finalize();
        for (const CudnnDescriptor& configuration :
             heuristics.get_descriptors(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR)) {
            if (plans.size() == most) return plans;
            if (auto plan = detail::cudnn_plan(configuration, gpu, type, required))
                plans.push_back(std::move(*plan));
        }
    }
    return plans;
}

/// Runs a plan in the handle's stream. Overwrites the result among x, y and w. All addresses must be
/// multiples of `cudnn_alignment`.
inline void cudnn_execute(cudnnHandle_t handle, const CudnnPlan& plan, const void* x, const void* y,
                          const void* w, void* workspace) {
    CudnnDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    const std::array<std::int64_t, 3> ids{detail::cudnn_x, detail::cudnn_y, detail::cudnn_w};
    const std::array<void*, 3> pointers{const_cast<void*>(x), const_cast<void*>(y), const_cast<void*>(w)};
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, std::span<const std::int64_t>(ids));
    pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, std::span<void* const>(pointers));
    pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
    pack.finalize();
    check(cudnnBackendExecute(handle, plan.descriptor.get(), pack.get()), "cudnnBackendExecute");
}

}  // namespace gantry::cuda
