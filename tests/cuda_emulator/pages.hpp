#pragma once
#include <cstddef>
#include <cstdint>
#include <new>

#include <sys/mman.h>

namespace cuda_emulator {

/// Reserves zero-filled address space. Pages take memory when they are written.
inline void* reserve_pages(std::size_t bytes) {
    void* memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return memory;
}

/// Returns large ranges of reserved memory to the system; their whole pages are 0 again. Small ranges stay
/// unchanged.
inline void give_back_pages(void* memory, std::size_t bytes) {
    constexpr std::size_t page = 4096, large = 16 * page;
    if (bytes < large) return;
    const std::size_t skipped = (page - reinterpret_cast<std::uintptr_t>(memory) % page) % page;
    madvise(static_cast<char*>(memory) + skipped, (bytes - skipped) / page * page, MADV_DONTNEED);
}

}  // namespace cuda_emulator
