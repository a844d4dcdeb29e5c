#pragma once
// The race checker. Code compiled with -fsanitize=thread calls a hook before each memory access. race.cpp
// implements the hooks in place of the sanitizer, with the memory model of CUDA's threads.
#include "block.hpp"
#include "fiber.hpp"
#include "launch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace cuda_emulator::race {

/// True while this host thread runs a kernel's own code: accesses of the emulator and of the host are
/// ignored.
extern constinit thread_local bool listening;
/// True if any file of the program was compiled with -fsanitize=thread.
extern bool program_is_instrumented;

struct Access {
    std::uintptr_t address;
    std::size_t size;
    bool writes, atomic;
    bool aligned;      ///< the compiler relies on the alignment
    const void* code;  ///< return address, just after the access
};
/// Fails the block if the running thread must not do this.
void check(const Access& access);
inline bool within(std::uintptr_t address, const void* begin, std::size_t bytes) {
    return address - reinterpret_cast<std::uintptr_t>(begin) < bytes;
}
/// Reports an access of a kernel's code. The thread's own stack and coordinates are ignored.
inline void tell(const Access& access) {
    if (listening && !within(access.address, coordinates.stack, Fiber::bytes) &&
        !within(access.address, &coordinates, sizeof coordinates))
        check(access);
}

/// Stops listening while the emulator works on behalf of a kernel.
class Pause {
public:
    Pause() : before_(listening) { listening = false; }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() { listening = before_; }

private:
    bool before_;
};

/// Progress of the running block. Blocks run one after another, so a single number, the interval, orders
/// everything: it increases at each barrier and at the start of each block.
struct Clock {
    std::uint32_t interval = 1, block_begin = 1, launch_begin = 1;
    std::array<std::uint16_t, 32> warp_meetings{};  ///< synchronisations of each warp in this block
};
extern Clock clock;

void begin_launch(const KernelLaunch& kernel);
void begin_block(const void* dynamic_shared, std::size_t bytes);

/// Registers the GPUs' memory range.
void watch(const void* memory, std::size_t bytes);

// Changes to GPU memory between kernels. Bytes that were not written since their allocation must not be read.
void allocated(const void* memory, std::size_t bytes);
void freed(const void* memory, std::size_t bytes);
void written(const void* memory, std::size_t bytes);
void copied(const void* to, const void* from, std::size_t bytes);
/// The first byte that was never written, or null.
const void* unwritten(const void* memory, std::size_t bytes);

}  // namespace cuda_emulator::race
