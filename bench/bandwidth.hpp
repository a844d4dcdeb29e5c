#pragma once
#include "times.hpp"
#include <gantry/core/host_memory.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>

namespace gantry::bench {

/// Seconds that f() takes.
template <class F>
double seconds(const F& f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// An array of floats allocated like device memory: large ones in huge pages.
class Array {
public:
    explicit Array(std::size_t size)
        : size_(size), data_(static_cast<float*>(core::HostMemory{}.allocate(size * sizeof(float)))) {
        std::fill_n(data_, size, 1.f);
    }
    Array(const Array&) = delete;
    ~Array() { core::HostMemory{}.release(data_, size_ * sizeof(float)); }
    float* data() const { return data_; }
    std::size_t size() const { return size_; }

private:
    std::size_t size_;
    float* data_;
};

/// Copies an array by memcpy, which for large arrays is faster than plain loads and stores, since it does not
/// read the destination. This is the machine's limit for an array of this size, against which memory passes
/// are compared. Bytes read and bytes written both count, once each.
class Copy {
public:
    explicit Copy(std::size_t bytes) : from_(bytes / sizeof(float) / 2), to_(from_.size()) {}

    double bytes() const { return 2.0 * sizeof(float) * static_cast<double>(from_.size()); }
    void run(const Cpu& device) {
        cpu::parallel_ranges(device.threads(), from_.size(), cpu::lanes<float>, cpu::worthwhile_elements,
                             [&](std::size_t begin, std::size_t end) {
                                 std::memcpy(to_.data() + begin, from_.data() + begin,
                                             (end - begin) * sizeof(float));
                             });
    }

private:
    Array from_, to_;
};

}  // namespace gantry::bench
