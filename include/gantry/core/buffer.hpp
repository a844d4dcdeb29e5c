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

namespace gantry {

/// Memory of a device that outlives steps.
struct Block {
    void* data = nullptr;
    std::size_t bytes = 0;
    Lifetime lifetime = {};
};
using Blocks = std::list<Block>;

/// Bytes of `count` elements; errors: more than a pointer can reach.
template <class T>
std::size_t bytes_of(std::size_t count) {
    if (count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T))
        fail("memory", "no memory has that many bytes", count, " elements of ", sizeof(T), " bytes");
    return count * sizeof(T);
}

/// Owns `size` numbers on a device, zero at first, for as long as it lives, and at least until the end of the
/// step in which it is destroyed: what was recorded before may read them. For what outlives a step:
/// parameters, moments, running statistics. Errors: no memory left; of all members but the destructor, if the
/// device was destroyed.
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
        if (!of_device_.over()) device_->release(block_);
    }

    T* data() const { return data_; }
    std::size_t size() const { return size_; }
    D& device() const {
        if (of_device_.over())
            fail("Buffer", "the device was destroyed; it must outlive the networks and tensors on it");
        return *device_;
    }
    /// Whether the memory still exists, for handles to it.
    Lifetime::Watch watch() const {
        device();
        return block_->lifetime.watch();
    }

    std::vector<T> to_host() const {
        const auto turn = device().turn();
        std::vector<T> host(size_);
        if (data_) device_->memory().copy_to_host(host.data(), data_, size_ * sizeof(T));
        return host;
    }
    /// Errors: another number of elements than `size()`.
    void from_host(std::span<const T> host) {
        const auto turn = device().turn();
        if (host.size() != size_)
            fail("Buffer", "from_host takes one number for each element", host.size(), " for ", size_);
        if (!data_) return;
        device_->memory().copy_from_host(data_, host.data(), size_ * sizeof(T));
        overwritten();
    }
    /// Call it after writing to data() directly: passes that have read the numbers can no longer be played
    /// back, and what a device derived from them is out of date.
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

}  // namespace gantry
