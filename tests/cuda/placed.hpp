#pragma once
#include "support/catch.hpp"
#include "support/eigen_kernels.hpp"
#include "support/numbers.hpp"
#include <gantry/core/buffer.hpp>
#include <gantry/cuda.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace gantry::test {

/// Values in device memory, `offset` elements after an address aligned for packs. The elements before them
/// must stay unchanged; the allocation ends with the last value, so that the emulator detects accesses beyond
/// it.
template <class T, class D>
class Placed {
public:
    Placed(D& device, const std::vector<T>& numbers, std::size_t offset = 0)
        : front_(static_cast<std::ptrdiff_t>(16 + offset)), buffer_(device, 16 + offset + numbers.size()) {
        std::vector<T> all(static_cast<std::size_t>(front_), mark);
        all.insert(all.end(), numbers.begin(), numbers.end());
        buffer_.from_host(all);
    }
    T* data() const { return buffer_.data() + front_; }
    std::vector<T> to_host() const {
        const std::vector<T> all = buffer_.to_host();
        const auto first = all.begin() + front_;
        if (std::count(all.begin(), first, mark) != front_)
            FAIL("a number in front of the array was changed");
        return {first, all.end()};
    }

private:
    static constexpr T mark = T(77);
    std::ptrdiff_t front_;
    mutable core::Buffer<T, D> buffer_;  // kernels write to arrays that a test declares const
};

template <class T>
std::vector<T> joined(const std::vector<std::vector<T>>& parts) {
    std::vector<T> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// The values in double, for a reference.
template <class T>
std::vector<double> as_doubles(const std::vector<T>& x) {
    return {x.begin(), x.end()};
}

/// How often a kernel is repeated to check for identical bits. On the emulator, tests/cuda_calls varies the
/// order of blocks instead.
#ifdef GANTRY_CUDA_EMULATOR
inline constexpr int repetitions = 1;
#else
inline constexpr int repetitions = 20;
#endif

/// Tolerance for cuBLAS and cuDNN: the emulated ones compute in double, the real ones may choose a fast
/// algorithm with more roundings (such as Winograd). TF32 would be off by 1e-4 or more.
#ifdef GANTRY_CUDA_EMULATOR
template <class T>
inline constexpr double library_tolerance = tolerance<T>;
#else
template <class T>
inline constexpr double library_tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
#endif

/// The largest error, relative to the largest expected magnitude.
template <class T, class Expected>
double error(const std::vector<T>& got, const std::vector<Expected>& expected) {
    double largest = 1;
    for (const Expected x : expected) largest = std::max(largest, std::abs(static_cast<double>(x)));
    double result = got.size() == expected.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < got.size() && i < expected.size(); ++i) {
        const double e = std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])) / largest;
        result = e <= result ? result : std::isnan(e) ? INFINITY : e;
    }
    return result;
}

/// Compares run(device, offset) on the GPU with EigenCpu in double. `run` places the kernel's arrays at
/// `offset` and returns its results. Arrays that are not aligned for packs must give the same bits.
template <class T, class Run>
void check_kernel(Cuda& device, const Run& run, double allowed) {
    const auto on_gpu = [&](std::size_t offset) {
        const Step<Cuda> step{device};
        return run.template operator()<T>(device, offset);
    };
    EigenCpu reference;
    const std::vector<T> result = on_gpu(0);
    CHECK(largest_error(result, run.template operator()<double>(reference, std::size_t{0})) <= allowed);
    CHECK(same_bits(on_gpu(1), result));
    CHECK(same_bits(on_gpu(0), result));
}

}  // namespace gantry::test
