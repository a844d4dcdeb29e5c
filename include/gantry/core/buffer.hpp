#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace gantry {

/// Owns `size` numbers on a device, zero at first, for as long as it lives. For what outlives a step:
/// parameters, moments, running statistics.
template <class T, class D>
class Buffer {
public:
    Buffer(D& device, std::size_t size) : Buffer(device, size, NotFilled{}) {
        // From here on the destructor gives the memory back if something fails.
        if (data_) device.memory().fill(data_, std::byte{0}, size * sizeof(T));
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() {
        if (data_) device_->memory().release(data_, size_ * sizeof(T));
    }

    T* data() const { return data_; }
    std::size_t size() const { return size_; }
    D& device() const { return *device_; }

    std::vector<T> to_host() const {
        std::vector<T> host(size_);
        if (data_) device_->memory().copy_to_host(host.data(), data_, size_ * sizeof(T));
        return host;
    }
    /// `host` must have `size()` elements.
    void from_host(std::span<const T> host) {
        if (!data_) return;
        device_->memory().copy_from_host(data_, host.data(), size_ * sizeof(T));
        device_->tape().overwritten(data_, data_ + size_);
    }

private:
    struct NotFilled {};
    Buffer(D& device, std::size_t size, NotFilled)
        : device_(&device),
          data_(size == 0 ? nullptr : static_cast<T*>(device.memory().allocate(size * sizeof(T)))),
          size_(size) {}

    D* device_;
    T* data_;
    std::size_t size_;
};

}  // namespace gantry
