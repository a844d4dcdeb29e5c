#pragma once
// The threads of a block, as kernels see them: coordinates, barriers, and warp synchronisation.
#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include <cuda_runtime.h>

namespace cuda_emulator {

using Location = std::source_location;

/// Coordinates of the running thread.
struct Coordinates {
    uint3 thread{}, block{};
    dim3 threads{1, 1, 1}, blocks{1, 1, 1};  ///< extents of the block and of the grid
    unsigned number = 0;                     ///< linear index in the block, x fastest
    void* dynamic_shared = nullptr;
    const char* stack = nullptr;  ///< lowest address of the thread's stack, which has Fiber::bytes
};
extern Coordinates coordinates;

/// Waits for all threads of the block. Returns the number of threads for which `predicate` holds. Fails if a
/// thread waits at another place in the code or has returned.
int barrier(bool predicate, const char* call, const Location& location);

/// Waits for the lanes of `mask` and exchanges a value of each. Fails if the mask lacks the caller or names a
/// lane that has returned, or if lanes are at different calls.
class WarpMeeting {
public:
    WarpMeeting(unsigned mask, std::uint64_t value, const char* call, const Location& location);
    WarpMeeting(const WarpMeeting&) = delete;
    WarpMeeting& operator=(const WarpMeeting&) = delete;
    ~WarpMeeting();

    /// Fails if the mask lacks the lane.
    std::uint64_t value_of(unsigned lane) const;
    /// One bit per lane, set if its value is not 0.
    unsigned ballot() const;

    struct State;

private:
    State* state_;
    bool checking_;
};

/// Implements __threadfence.
void fence();

/// Marks an atomic operation: two of them never race.
class AtomicAccess {
public:
    AtomicAccess(const volatile void* memory, std::size_t bytes);
    AtomicAccess(const AtomicAccess&) = delete;
    AtomicAccess& operator=(const AtomicAccess&) = delete;
    ~AtomicAccess();

private:
    bool checking_;
};

}  // namespace cuda_emulator
