#pragma once
#include <gantry/core/compiler.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/lifetime.hpp>

#include <cstddef>
#include <limits>
#include <list>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace gantry::core {

/// A block of device memory that outlives steps.
struct Block {
    void* data = nullptr;    ///< null if it has no bytes
    std::size_t bytes = 0;   ///< size
    Lifetime lifetime = {};  ///< ends when the memory is released
};
/// All blocks of a device.
using Blocks = std::list<Block>;

/// Size in bytes of `count` elements. Errors: more than PTRDIFF_MAX bytes.
template <class T>
std::size_t bytes_of(std::size_t count) {
    if (count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T))
        fail("memory", "the size must be less than 2^63 bytes", count, " elements of ", sizeof(T), " bytes");
    return count * sizeof(T);
}

/// Owns `size` elements of device memory, zero-initialised, for data that outlives a step: parameters,
/// optimizer moments, running statistics. If it is destroyed during a step, the memory is released when the
/// step ends, since recorded ops may still read it. Errors: out of memory; every member except the
/// destructor: the device was destroyed.
template <class T, class D>
class Buffer {
public:
    /// `size` elements, all 0. The device must outlive it. Errors: out of memory.
    Buffer(D& device, std::size_t size) : Buffer(device, size, NotFilled{}) {
        // The delegated constructor has finished, so the destructor releases the block if fill throws.
        if (data_) device.memory().fill(data_, std::byte{0}, size * sizeof(T));
    }
    /// The memory keeps its address. A Buffer that was moved from may be destroyed or assigned to.
    Buffer(Buffer&& other) noexcept
        : device_(std::exchange(other.device_, nullptr)),
          of_device_(other.of_device_),
          block_(other.block_),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    /// Releases its memory as the destructor does, and takes over that of `other`.
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer taken(std::move(other));
        std::swap(device_, taken.device_);
        std::swap(of_device_, taken.of_device_);
        std::swap(block_, taken.block_);
        std::swap(data_, taken.data_);
        std::swap(size_, taken.size_);
        return *this;
    }
    ~Buffer() {
        if (device_ && !of_device_.over()) device_->release(block_);
    }

    /// Device pointer to the elements; null if the size is 0.
    T* data() { return data_; }
    /// The same for a const buffer.
    const T* data() const { return data_; }
    /// Number of elements.
    std::size_t size() const { return size_; }
    /// The device. Errors: the buffer was moved from; the device was destroyed.
    D& device() const {
        if (!device_) fail("Buffer", "the buffer was moved from");
        if (of_device_.over())
            fail("Buffer", "the device was destroyed; it must outlive the networks and tensors on it");
        return *device_;
    }
    /// Lets handles detect that the memory was released.
    Lifetime::Watch watch() const {
        device();
        return block_->lifetime.watch();
    }

    /// Copies the elements to the host. Waits for the device.
    std::vector<T> to_host() const {
        const auto turn = device().turn();
        std::vector<T> host(size_);
        if (data_) device_->memory().copy_to_host(host.data(), data_, size_ * sizeof(T));
        return host;
    }
    /// Overwrites the elements and calls `overwritten`. Errors: host.size() != size().
    void from_host(std::span<const T> host) {
        const auto turn = device().turn();
        if (host.size() != size_)
            fail("Buffer", "from_host takes one value per element", host.size(), " for ", size_);
        if (!data_) return;
        device_->memory().copy_from_host(data_, host.data(), size_ * sizeof(T));
        overwritten();
    }
    /// Call this after writing to data() directly. It invalidates recorded passes that have read the old
    /// values and whatever a device derived from them, such as transformed weights.
    void overwritten() { device().tape().overwritten(data_, data_ + size_); }

private:
    struct NotFilled {};
    Buffer(D& device, std::size_t size, NotFilled)
        : device_(&device),
          of_device_(device.watch()),
          block_(device.own(bytes_of<T>(size))),
          data_(static_cast<T*>(block_->data)),
          size_(size) {}

    D* device_;
    Lifetime::Watch of_device_;
    Blocks::iterator block_;
    T* data_;
    std::size_t size_;
};

}  // namespace gantry::core
