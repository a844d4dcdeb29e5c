#pragma once
#include <gantry/cuda.hpp>

#include <cstddef>
#include <vector>

namespace gantry::test {

/// Numbers in a GPU's memory, in an allocation that ends with the last of them. `offset` numbers before the
/// first one take it off its alignment.
template <class T>
class DeviceArray {
public:
    DeviceArray(Cuda& device, const std::vector<T>& numbers, std::size_t offset = 0)
        : device_(device), size_(numbers.size()), bytes_((size_ + offset) * sizeof(T)), offset_(offset) {
        if (bytes_ == 0) return;
        memory_ = static_cast<T*>(device.memory().allocate(bytes_));
        if (size_ > 0) device.memory().copy_from_host(data(), numbers.data(), size_ * sizeof(T));
    }
    DeviceArray(const DeviceArray&) = delete;
    DeviceArray& operator=(const DeviceArray&) = delete;
    ~DeviceArray() {
        if (memory_) device_.memory().release(memory_, bytes_);
    }

    T* data() const { return memory_ ? memory_ + offset_ : nullptr; }
    std::vector<T> numbers() const {
        std::vector<T> result(size_);
        if (size_ > 0) device_.memory().copy_to_host(result.data(), data(), size_ * sizeof(T));
        return result;
    }

private:
    Cuda& device_;
    T* memory_ = nullptr;
    std::size_t size_, bytes_, offset_;
};

}  // namespace gantry::test
