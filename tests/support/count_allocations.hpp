#pragma once
// Replaces operator new of a test program by one that counts. Include it in one file of the program. Not
// inline, or g++ mistakes free for a mismatched operator delete. ThreadSanitizer has its own operator new,
// which cannot be replaced: under it nothing is counted (counts_allocations is false).
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GANTRY_COUNTS_NO_ALLOCATIONS
#endif
#endif

namespace gantry::test {

#ifdef GANTRY_COUNTS_NO_ALLOCATIONS
inline constexpr bool counts_allocations = false;
#else
inline constexpr bool counts_allocations = true;
#endif

/// Heap allocations so far, on all threads.
inline std::atomic<std::size_t> allocations{0};
/// From this count on, failing_allocations of them throw std::bad_alloc.
inline std::atomic<std::size_t> allocation_limit{std::numeric_limits<std::size_t>::max()};
inline std::atomic<std::size_t> failing_allocations{std::numeric_limits<std::size_t>::max()};

/// Calls f repeatedly, each time allowing one more allocation before the next ones fail, until it succeeds. f
/// must have no other error. Returns the number of failed calls.
template <class F>
std::size_t fail_each_allocation(const F& f) {
    for (std::size_t allowed = 0;; ++allowed) {
        allocation_limit = allocations + allowed;
        try {
            f();
            allocation_limit = std::numeric_limits<std::size_t>::max();
            return allowed;
        } catch (const std::bad_alloc&) {
            allocation_limit = std::numeric_limits<std::size_t>::max();
        }
    }
}

inline void* counted_allocation(std::size_t size, std::size_t alignment) {
    const std::size_t number = allocations++;
    if (number >= allocation_limit && number - allocation_limit < failing_allocations) throw std::bad_alloc();
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    if (void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded)) return memory;
    throw std::bad_alloc();
}

}  // namespace gantry::test

#ifndef GANTRY_COUNTS_NO_ALLOCATIONS
[[gnu::noinline]] void* operator new(std::size_t size) {
    return gantry::test::counted_allocation(size, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new[](std::size_t size) { return operator new(size); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    return gantry::test::counted_allocation(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment) {
    return operator new(size, alignment);
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept try {
    return operator new(size);
} catch (const std::bad_alloc&) {
    return nullptr;
}
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return operator new(size, std::nothrow);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
#endif
