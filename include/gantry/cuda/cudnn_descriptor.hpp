#pragma once
#include <gantry/cuda/check.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#if CUDNN_VERSION < 90800
#error "gantry needs cuDNN 9.8 or newer: device properties of the graph API came with it"
#endif

namespace gantry::cuda {

namespace detail {
/// The type tag of an attribute of type T.
template <class T>
constexpr cudnnBackendAttributeType_t cudnn_attribute_type() {
    if constexpr (std::same_as<T, std::int64_t>) return CUDNN_TYPE_INT64;
    if constexpr (std::same_as<T, float>) return CUDNN_TYPE_FLOAT;
    if constexpr (std::same_as<T, double>) return CUDNN_TYPE_DOUBLE;
    if constexpr (std::same_as<T, char>) return CUDNN_TYPE_CHAR;
    if constexpr (std::same_as<T, void*>) return CUDNN_TYPE_VOID_PTR;
    if constexpr (std::same_as<T, cudnnHandle_t>) return CUDNN_TYPE_HANDLE;
    if constexpr (std::same_as<T, cudnnDataType_t>) return CUDNN_TYPE_DATA_TYPE;
    if constexpr (std::same_as<T, cudnnConvolutionMode_t>) return CUDNN_TYPE_CONVOLUTION_MODE;
    if constexpr (std::same_as<T, cudnnBackendHeurMode_t>) return CUDNN_TYPE_HEUR_MODE;
    if constexpr (std::same_as<T, cudnnBackendNumericalNote_t>) return CUDNN_TYPE_NUMERICAL_NOTE;
    if constexpr (std::same_as<T, cudnnBackendBehaviorNote_t>) return CUDNN_TYPE_BEHAVIOR_NOTE;
}
}  // namespace detail

/// Owns a descriptor of cuDNN's graph API: set the attributes one by one, then finalize it; from then on
/// attributes can be read. Errors: any status other than success.
class CudnnDescriptor {
public:
    explicit CudnnDescriptor(cudnnBackendDescriptorType_t type) {
        check(cudnnBackendCreateDescriptor(type, &descriptor_), "cudnnBackendCreateDescriptor");
    }
    CudnnDescriptor(CudnnDescriptor&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, nullptr)) {}
    CudnnDescriptor& operator=(CudnnDescriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~CudnnDescriptor() {
        if (descriptor_) cudnnBackendDestroyDescriptor(descriptor_);
    }
    /// The raw descriptor; still owned by this object.
    cudnnBackendDescriptor_t get() const { return descriptor_; }

    /// Sets an attribute. Call it before `finalize`.
    template <class T>
    void set(cudnnBackendAttributeName_t name, std::span<const T> values) {
        set(name, detail::cudnn_attribute_type<T>(), values.size(), values.data());
    }
    template <class T>
    void set(cudnnBackendAttributeName_t name, const T& value) {
        set(name, std::span<const T>(&value, 1));
    }
    /// cuDNN copies what it needs from `other`, which must be finalized.
    void set(cudnnBackendAttributeName_t name, const CudnnDescriptor& other) {
        set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &other.descriptor_);
    }

    /// Checks the attributes and makes them readable.
    void finalize() { check(try_finalize(), "cudnnBackendFinalize"); }
    /// For descriptors that cuDNN may reject, such as a plan for an engine that does not support the graph.
    [[nodiscard]] cudnnStatus_t try_finalize() { return cudnnBackendFinalize(descriptor_); }

    /// The value of an attribute that has a single one.
    template <class T>
    T get(cudnnBackendAttributeName_t name) const {
        T value{};
        std::int64_t count = 0;
        get(name, detail::cudnn_attribute_type<T>(), 1, &count, &value);
        return value;
    }
    /// All values of an attribute, at most `most`.
    template <class T>
    std::vector<T> get_all(cudnnBackendAttributeName_t name, std::size_t most) const {
        std::vector<T> values(most);
        std::int64_t count = 0;
        get(name, detail::cudnn_attribute_type<T>(), most, &count, values.data());
        values.resize(static_cast<std::size_t>(count));
        return values;
    }
    /// The value of an attribute that is a descriptor of type `type`.
    CudnnDescriptor get_descriptor(cudnnBackendAttributeName_t name,
                                   cudnnBackendDescriptorType_t type) const {
        CudnnDescriptor result(type);
        std::int64_t count = 0;
        get(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &result.descriptor_);
        return result;
    }
    /// All values of an attribute that holds descriptors of type `type`.
    std::vector<CudnnDescriptor> get_descriptors(cudnnBackendAttributeName_t name,
                                                 cudnnBackendDescriptorType_t type) const {
        std::int64_t count = 0;
        get(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &count, nullptr);
        std::vector<CudnnDescriptor> results;
        std::vector<cudnnBackendDescriptor_t> raw;
        for (std::int64_t i = 0; i < count; ++i) raw.push_back(results.emplace_back(type).get());
        get(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, raw.size(), &count, raw.data());
        // cuDNN reports the number of known descriptors, but fills in only those that support the graph.
        results.erase(results.begin() + static_cast<std::ptrdiff_t>(count), results.end());
        return results;
    }

private:
    void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t count,
             const void* values) {
        check(cudnnBackendSetAttribute(descriptor_, name, type, static_cast<std::int64_t>(count), values),
              "cudnnBackendSetAttribute");
    }
    void get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::size_t room,
             std::int64_t* count, void* values) const {
        check(
            cudnnBackendGetAttribute(descriptor_, name, type, static_cast<std::int64_t>(room), count, values),
            "cudnnBackendGetAttribute");
    }

    cudnnBackendDescriptor_t descriptor_ = nullptr;
};

}  // namespace gantry::cuda
