#pragma once
// The race checker. Code that is compiled with -fsanitize=thread calls a function before each access of
// memory; race.cpp answers these calls in the sanitizer's place, and knows what CUDA's threads promise each
// other.
#include "block.hpp"
#include "fiber.hpp"
#include "launch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace cuda_emulator::race {

/// Whether this thread of the host runs a kernel's own code: accesses of the emulator and of the host are of
/// no interest.
extern constinit thread_local bool listening;
/// Whether any file of the program was compiled with -fsanitize=thread.
extern bool program_is_instrumented;

struct Access {
    std::uintptr_t address;
    std::size_t size;
    bool writes, atomic;
    bool aligned;      ///< the compiler relies on it
    const void* code;  ///< behind the access
};
/// Fails the block where the running thread must not do that.
void check(const Access& access);
inline bool within(std::uintptr_t address, const void* begin, std::size_t bytes) {
    return address - reinterpret_cast<std::uintptr_t>(begin) < bytes;
}
/// A kernel's code tells of an access. Its thread's own stack and coordinates are of no interest.
inline void tell(const Access& access) {
    if (listening && !within(access.address, coordinates.stack, Fiber::bytes) &&
        !within(access.address, &coordinates, sizeof coordinates))
        check(access);
}

/// Stops listening while the emulator works for a kernel.
class Pause {
public:
    Pause() : before_(listening) { listening = false; }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() { listening = before_; }

private:
    bool before_;
};

/// How far the running block is. Blocks run one after another, so one number, the interval, orders
/// everything: it grows at each barrier, and where a block begins.
struct Clock {
    std::uint32_t interval = 1, block_begin = 1, launch_begin = 1;
    std::array<std::uint16_t, 32> warp_meetings{};  ///< of each warp since the block's begin
};
extern Clock clock;

void begin_launch(const KernelLaunch& kernel);
void begin_block(const void* dynamic_shared, std::size_t bytes);

/// The GPU's memory lies there.
void watch(const void* memory, std::size_t bytes);

// What happens to the GPU's memory between kernels. Bytes that nobody wrote since they were allocated must
// not be read.
void allocated(const void* memory, std::size_t bytes);
void freed(const void* memory, std::size_t bytes);
void written(const void* memory, std::size_t bytes);
void copied(const void* to, const void* from, std::size_t bytes);
/// The first byte of it that was never written, or null.
const void* unwritten(const void* memory, std::size_t bytes);

}  // namespace cuda_emulator::race
