#pragma once
// CUDA C++'s built-ins for kernels, for any C++20 compiler. Include it before the kernels and after CUDA's
// own headers.
#include "block.hpp"
#include "launch.hpp"

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <cuda_runtime.h>
#include <math.h>

// Kernels have internal linkage, and so do their shared arrays: AddressSanitizer does not guard variables
// that several files may define.
#undef __global__
#define __global__ __attribute__((unused)) static
#undef __grid_constant__
#define __grid_constant__
// Blocks run one after another, so they can share one array.
#undef __shared__
#define __shared__ static
#undef __launch_bounds__
#define __launch_bounds__(...)
#define GANTRY_DYNAMIC_SHARED(T, name) \
    T* const name = static_cast<T*>(::cuda_emulator::coordinates.dynamic_shared)

inline constexpr const uint3& threadIdx = cuda_emulator::coordinates.thread;
inline constexpr const uint3& blockIdx = cuda_emulator::coordinates.block;
inline constexpr const dim3& blockDim = cuda_emulator::coordinates.threads;
inline constexpr const dim3& gridDim = cuda_emulator::coordinates.blocks;
inline constexpr int warpSize = 32;

// Every function that waits receives the line and column of its caller.

inline void __syncthreads(cuda_emulator::Location here = cuda_emulator::Location::current()) {
    cuda_emulator::barrier(false, "__syncthreads", here);
}
inline int __syncthreads_count(int predicate,
                               cuda_emulator::Location here = cuda_emulator::Location::current()) {
    return cuda_emulator::barrier(predicate != 0, "__syncthreads_count", here);
}
inline int __syncthreads_or(int predicate,
                            cuda_emulator::Location here = cuda_emulator::Location::current()) {
    return cuda_emulator::barrier(predicate != 0, "__syncthreads_or", here) != 0;
}
inline int __syncthreads_and(int predicate,
                             cuda_emulator::Location here = cuda_emulator::Location::current()) {
    return cuda_emulator::barrier(predicate == 0, "__syncthreads_and", here) == 0;
}
inline void __syncwarp(unsigned mask = ~0u,
                       cuda_emulator::Location here = cuda_emulator::Location::current()) {
    const cuda_emulator::WarpMeeting meeting(mask, 0, "__syncwarp", here);
}
inline unsigned __activemask() = delete;  // there is no guarantee of which lanes are active: name them

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              cuda_emulator::Location here = cuda_emulator::Location::current()) {
    return cuda_emulator::WarpMeeting(mask, predicate != 0, "__ballot_sync", here).ballot();
}
inline int __any_sync(unsigned mask, int predicate,
                      cuda_emulator::Location here = cuda_emulator::Location::current()) {
    return cuda_emulator::WarpMeeting(mask, predicate != 0, "__any_sync", here).ballot() != 0;
}
inline int __all_sync(unsigned mask, int predicate,
                      cuda_emulator::Location here = cuda_emulator::Location::current()) {
    return cuda_emulator::WarpMeeting(mask, predicate == 0, "__all_sync", here).ballot() == 0;
}

namespace cuda_emulator {
/// The value of lane `source` of a segment, or the lane's own if `source` is outside `first ... first + width
/// - 1`.
template <class T>
T shuffle(unsigned mask, T value, int source, bool exists, const char* call, const Location& here) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8, "a shuffle moves 8 bytes at most");
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    const WarpMeeting meeting(mask, bits, call, here);
    if (!exists) return value;
    bits = meeting.value_of(static_cast<unsigned>(source));
    T result;
    std::memcpy(&result, &bits, sizeof(T));
    return result;
}
inline int lane() { return static_cast<int>(coordinates.number % 32); }
/// First lane of the caller's segment.
inline int segment(int width) { return lane() & ~(width - 1); }
}  // namespace cuda_emulator

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              cuda_emulator::Location here = cuda_emulator::Location::current()) {
    return cuda_emulator::shuffle(mask, value, cuda_emulator::segment(width) + (source & (width - 1)), true,
                                  "__shfl_sync", here);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 cuda_emulator::Location here = cuda_emulator::Location::current()) {
    const int source = cuda_emulator::lane() - static_cast<int>(delta);
    return cuda_emulator::shuffle(mask, value, source, source >= cuda_emulator::segment(width),
                                  "__shfl_up_sync", here);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   cuda_emulator::Location here = cuda_emulator::Location::current()) {
    const int source = cuda_emulator::lane() + static_cast<int>(delta);
    return cuda_emulator::shuffle(mask, value, source, source < cuda_emulator::segment(width) + width,
                                  "__shfl_down_sync", here);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32,
                  cuda_emulator::Location here = cuda_emulator::Location::current()) {
    const int source = cuda_emulator::lane() ^ bits;
    return cuda_emulator::shuffle(mask, value, source, source < cuda_emulator::segment(width) + width,
                                  "__shfl_xor_sync", here);
}

inline void __threadfence() { cuda_emulator::fence(); }
inline void __threadfence_block() {}

namespace cuda_emulator {
/// Replaces *memory by change(*memory) and returns the old value.
template <class T, class Change>
T atomic_change(T* memory, Change change) {
    const AtomicAccess access(memory, sizeof(T));
    const T old = *memory;
    *memory = change(old);
    return old;
}
}  // namespace cuda_emulator

template <class T>
T atomicAdd(T* memory, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T old) { return static_cast<T>(old + value); });
}
template <class T>
T atomicSub(T* memory, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T old) { return static_cast<T>(old - value); });
}
template <class T>
T atomicExch(T* memory, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T) { return value; });
}
template <class T>
T atomicMin(T* memory, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T old) { return value < old ? value : old; });
}
template <class T>
T atomicMax(T* memory, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T old) { return old < value ? value : old; });
}
template <class T>
T atomicAnd(T* memory, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T old) { return static_cast<T>(old & value); });
}
template <class T>
T atomicOr(T* memory, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T old) { return static_cast<T>(old | value); });
}
template <class T>
T atomicXor(T* memory, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T old) { return static_cast<T>(old ^ value); });
}
template <class T>
T atomicCAS(T* memory, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
    return cuda_emulator::atomic_change(memory, [=](T old) { return old == expected ? value : old; });
}
/// old >= limit ? 0 : old + 1
inline unsigned atomicInc(unsigned* memory, unsigned limit) {
    return cuda_emulator::atomic_change(memory, [=](unsigned old) { return old >= limit ? 0 : old + 1; });
}

template <class T>
T __ldg(const T* memory) {
    return *memory;
}
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }
inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }

inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>(std::uint64_t{a} * b >> 32); }
inline int __mulhi(int a, int b) { return static_cast<int>(std::int64_t{a} * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<unsigned long long>(static_cast<Wide>(a) * b >> 64);
}
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }

// Templates, since newer C libraries define these names too.
float rsqrtf(std::same_as<float> auto x) { return 1 / sqrtf(x); }
double rsqrt(std::same_as<double> auto x) { return 1 / sqrt(x); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float x) { return 1 / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline float __saturatef(float x) { return fminf(fmaxf(x, 0.0f), 1.0f); }

/// CUDA's min and max for operands of one type.
template <class T>
constexpr std::enable_if_t<std::is_arithmetic_v<T>, T> min(T a, T b) {
    return b < a ? b : a;
}
template <class T>
constexpr std::enable_if_t<std::is_arithmetic_v<T>, T> max(T a, T b) {
    return a < b ? b : a;
}
