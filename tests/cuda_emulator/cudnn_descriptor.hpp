#pragma once
// Descriptors of the emulator's cuDNN: named attributes, checked against a table of each descriptor's
// attributes.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include <cudnn.h>

namespace cuda_emulator {

struct CudnnDescriptor;
using CudnnContent = std::shared_ptr<const CudnnDescriptor>;

struct CudnnAttribute {
    std::size_t count = 0;
    std::vector<std::byte> values = {};       ///< as set by the program
    std::vector<CudnnContent> contents = {};  ///< of an attribute that holds descriptors
};

/// The object behind a program's handle (cudnnBackendDescriptor_t). Other descriptors share ownership, so
/// that the program may destroy its handle.
struct CudnnDescriptor {
    cudnnBackendDescriptorType_t type;
    bool finalized = false;
    std::map<cudnnBackendAttributeName_t, CudnnAttribute> attributes = {};

    bool has(cudnnBackendAttributeName_t name) const { return attributes.contains(name); }
    template <class T>
    std::vector<T> all(cudnnBackendAttributeName_t name) const {
        const CudnnAttribute& attribute = attributes.at(name);
        std::vector<T> values(attribute.count);
        std::memcpy(values.data(), attribute.values.data(), attribute.values.size());
        return values;
    }
    template <class T>
    T one(cudnnBackendAttributeName_t name) const {
        return all<T>(name).front();
    }
    const CudnnDescriptor& child(cudnnBackendAttributeName_t name) const {
        return *attributes.at(name).contents.front();
    }
    template <class T>
    void put(cudnnBackendAttributeName_t name, const std::vector<T>& values) {
        CudnnAttribute& attribute = attributes[name];
        attribute.count = values.size();
        const auto* const bytes = reinterpret_cast<const std::byte*>(values.data());
        attribute.values.assign(bytes, bytes + values.size() * sizeof(T));
    }
};

/// The descriptor of a handle, or null.
std::shared_ptr<CudnnDescriptor> cudnn_content(cudnnBackendDescriptor_t handle);
std::size_t living_cudnn_descriptors();

/// Finalizes a descriptor whose attributes are all set: checks that they are consistent, and adds those that
/// can be read afterwards. Defined in cudnn.cpp.
cudnnStatus_t cudnn_finalize(CudnnDescriptor& descriptor);

bool is_cudnn_handle(cudnnHandle_t handle);

}  // namespace cuda_emulator
