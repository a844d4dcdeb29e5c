#pragma once
// The threads of a block, as kernels see them: where they are, barriers, and meetings of a warp's lanes.
#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include <cuda_runtime.h>

namespace cuda_emulator {

using Location = std::source_location;

/// Of the thread that runs now.
struct Coordinates {
    uint3 thread{}, block{};
    dim3 threads{1, 1, 1}, blocks{1, 1, 1};  ///< extents of the block and of the grid
    unsigned number = 0;                     ///< of the thread in its block, x fastest
    void* dynamic_shared = nullptr;
    const char* stack = nullptr;  ///< where the thread's stack begins, of Fiber::bytes
};
extern Coordinates coordinates;

/// All threads of the block wait here for each other. Returns for how many of them `predicate` holds.
/// Fails where a thread waits at another place of the code, or has returned.
int barrier(bool predicate, const char* call, const Location& location);

/// The lanes of `mask` wait for each other, each with a value of its own for the others.
/// Fails where the mask lacks the caller, names a lane that has returned, or lanes are at different calls.
class WarpMeeting {
public:
    WarpMeeting(unsigned mask, std::uint64_t value, const char* call, const Location& location);
    WarpMeeting(const WarpMeeting&) = delete;
    WarpMeeting& operator=(const WarpMeeting&) = delete;
    ~WarpMeeting();

    /// Fails where the mask lacks the lane.
    std::uint64_t value_of(unsigned lane) const;
    /// One bit for each lane whose value is not 0.
    unsigned ballot() const;

    struct State;

private:
    State* state_;
    bool checking_;
};

/// __threadfence
void fence();

/// What an atomic operation reads and writes is no race with another one.
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
