#include "cudnn_descriptor.hpp"

#include "library_call.hpp"
#include "library_objects.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace cuda_emulator {
namespace {

/// The object behind the program's handle.
struct Handle {
    std::shared_ptr<CudnnDescriptor> content;
};
Objects<Handle> handles;

/// An attribute of a descriptor: its type, number of values and, for descriptors, their type. Those with
/// `set` must be set before the descriptor is finalized; the others can be read afterwards.
struct Rule {
    cudnnBackendDescriptorType_t descriptor;
    cudnnBackendAttributeName_t name;
    cudnnBackendAttributeType_t type;
    std::int64_t least, most;
    bool set = true;
    cudnnBackendDescriptorType_t child = CUDNN_BACKEND_TENSOR_DESCRIPTOR;
};

constexpr std::int64_t any_number = 1000;
// clang-format off
constexpr Rule rules[] = {
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, 1},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, 1},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, 1},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, 4},
    {CUDNN_BACKEND_TENSOR_DESCRIPTOR, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, 4},

    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, 1},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, 1},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, 1},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, 2},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, 2},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, 2},
    {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, 2},

#define CONVOLUTION_OPERATION(OPERATION, PREFIX, X, Y, W)                                                                     \
    {OPERATION, PREFIX##X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1},                                                              \
    {OPERATION, PREFIX##Y, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1},                                                              \
    {OPERATION, PREFIX##W, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1},                                                              \
    {OPERATION, PREFIX##CONV_DESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, true, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR},          \
    {OPERATION, PREFIX##ALPHA, CUDNN_TYPE_FLOAT, 1, 1}, /* or double: see type_fits */                                        \
    {OPERATION, PREFIX##BETA, CUDNN_TYPE_FLOAT, 1, 1}
    CONVOLUTION_OPERATION(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_, X, Y, W),
    CONVOLUTION_OPERATION(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_, DX, DY, W),
    CONVOLUTION_OPERATION(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_, X, DY, DW),
#undef CONVOLUTION_OPERATION

    {CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1},
    {CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, CUDNN_ATTR_DEVICEPROP_HANDLE, CUDNN_TYPE_HANDLE, 1, 1},

    {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, true, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR},
    {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, 1},
    {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, true, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR},
    {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, any_number, false, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR},
    {CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, false, CUDNN_BACKEND_ENGINE_DESCRIPTOR},
    {CUDNN_BACKEND_ENGINE_DESCRIPTOR, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, 1, false},
    {CUDNN_BACKEND_ENGINE_DESCRIPTOR, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, 0, any_number, false},
    {CUDNN_BACKEND_ENGINE_DESCRIPTOR, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, 0, any_number, false},

    {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, true, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR},
    {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, true, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR},
    {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, 1, false},

    {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 1, any_number},
    {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 1, any_number},
    {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, 1},
};
// clang-format on

const Rule* find_rule(cudnnBackendDescriptorType_t descriptor, cudnnBackendAttributeName_t name) {
    const auto rule = std::find_if(std::begin(rules), std::end(rules), [&](const Rule& r) {
        return r.descriptor == descriptor && r.name == name;
    });
    return rule == std::end(rules) ? nullptr : rule;
}

/// Scaling factors may be float or double.
bool type_fits(const Rule& rule, cudnnBackendAttributeType_t type) {
    return type == rule.type || (rule.type == CUDNN_TYPE_FLOAT && type == CUDNN_TYPE_DOUBLE);
}

std::size_t size_of(cudnnBackendAttributeType_t type) {
    switch (type) {
        case CUDNN_TYPE_CHAR:
            return 1;
        case CUDNN_TYPE_INT64:
        case CUDNN_TYPE_DOUBLE:
        case CUDNN_TYPE_HANDLE:
        case CUDNN_TYPE_VOID_PTR:
        case CUDNN_TYPE_BACKEND_DESCRIPTOR:
            return 8;
        default:
            return 4;  // floats and enumerations
    }
}

bool is_operation(cudnnBackendDescriptorType_t type) {
    return type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR ||
           type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR ||
           type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
}

/// True if a descriptor may be the value of an attribute of type `wanted`. A graph contains operations.
bool child_fits(const Rule& rule, const CudnnDescriptor& child) {
    return rule.name == CUDNN_ATTR_OPERATIONGRAPH_OPS ? is_operation(child.type) : child.type == rule.child;
}

}  // namespace

std::shared_ptr<CudnnDescriptor> cudnn_content(cudnnBackendDescriptor_t handle) {
    auto* const known = static_cast<Handle*>(handle);
    return handles.has(known) ? known->content : nullptr;
}
std::size_t living_cudnn_descriptors() { return handles.size(); }

}  // namespace cuda_emulator

using namespace cuda_emulator;  // NOLINT: this file is their other half

extern "C" {

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                           cudnnBackendDescriptor_t* descriptor) {
    if (!descriptor) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
    if (std::none_of(std::begin(rules), std::end(rules), [&](const Rule& r) { return r.descriptor == type; }))
        return CUDNN_STATUS_NOT_SUPPORTED;
    if (!library_host_call("cudnnBackendCreateDescriptor"))
        return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
    Handle* const handle = handles.create();
    handle->content = std::make_shared<CudnnDescriptor>(CudnnDescriptor{type});
    *descriptor = handle;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
    if (!cudnn_content(descriptor)) return CUDNN_STATUS_BAD_PARAM;
    handles.destroy(static_cast<Handle*>(descriptor));
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count, const void* values) {
    const auto content = cudnn_content(descriptor);
    if (!content || content->finalized) return CUDNN_STATUS_BAD_PARAM;
    const Rule* const rule = find_rule(content->type, name);
    if (!rule || !rule->set) return CUDNN_STATUS_BAD_PARAM;
    if (!type_fits(*rule, type)) return CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE;
    if (count < rule->least || count > rule->most || !values) return CUDNN_STATUS_BAD_PARAM;

    CudnnAttribute attribute{static_cast<std::size_t>(count)};
    if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
        for (int64_t i = 0; i < count; ++i) {
            auto child = cudnn_content(static_cast<const cudnnBackendDescriptor_t*>(values)[i]);
            if (!child || !child_fits(*rule, *child)) return CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE;
            if (!child->finalized) return CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED;
            attribute.contents.push_back(std::move(child));
        }
    } else {
        attribute.values.resize(static_cast<std::size_t>(count) * size_of(type));
        std::memcpy(attribute.values.data(), values, attribute.values.size());
    }
    content->attributes[name] = std::move(attribute);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
    const auto content = cudnn_content(descriptor);
    if (!content || content->finalized) return CUDNN_STATUS_BAD_PARAM;
    for (const Rule& rule : rules)
        if (rule.descriptor == content->type && rule.set && !content->has(rule.name))
            return CUDNN_STATUS_BAD_PARAM;
    const cudnnStatus_t status = cudnn_finalize(*content);
    if (status != CUDNN_STATUS_SUCCESS) return status;
    if (!library_host_call("cudnnBackendFinalize")) return CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED;
    content->finalized = true;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendGetAttribute(const cudnnBackendDescriptor_t descriptor,
                                       cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                       int64_t room, int64_t* count, void* values) {
    const auto content = cudnn_content(descriptor);
    if (!content || !count) return CUDNN_STATUS_BAD_PARAM;
    if (!content->finalized) return CUDNN_STATUS_NOT_INITIALIZED;
    const Rule* const rule = find_rule(content->type, name);
    if (!rule) return CUDNN_STATUS_BAD_PARAM;
    if (!type_fits(*rule, type)) return CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE;
    const CudnnAttribute& attribute = content->attributes.at(name);
    if (room == 0) {
        *count = static_cast<int64_t>(attribute.count);
        return CUDNN_STATUS_SUCCESS;
    }
    if (room < 0 || !values) return CUDNN_STATUS_BAD_PARAM;
    const std::size_t given = std::min(static_cast<std::size_t>(room), attribute.count);
    *count = static_cast<int64_t>(given);
    if (type != CUDNN_TYPE_BACKEND_DESCRIPTOR) {
        if (given > 0) std::memcpy(values, attribute.values.data(), given * size_of(type));
        return CUDNN_STATUS_SUCCESS;
    }
    for (std::size_t i = 0; i < given; ++i) {
        const cudnnBackendDescriptor_t to = static_cast<cudnnBackendDescriptor_t*>(values)[i];
        const auto old = cudnn_content(to);
        if (!old || old->type != attribute.contents[i]->type) return CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE;
        static_cast<Handle*>(to)->content = std::const_pointer_cast<CudnnDescriptor>(attribute.contents[i]);
    }
    return CUDNN_STATUS_SUCCESS;
}
}
