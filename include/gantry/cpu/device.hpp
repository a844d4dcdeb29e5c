#pragma once
#include <gantry/core/device.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/host_memory.hpp>

#include <algorithm>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace gantry {

namespace cpu {

/// The cores that the process may run on (`taskset` narrows them).
inline int available_cores() {
#ifdef __linux__
    cpu_set_t cores;
    if (::sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_COUNT(&cores);
#endif
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace cpu

struct CpuOptions {
    int threads = 0;  ///< 0: one for each core that the process may run on
};

/// The CPU: memory of the host, kernels in gantry/cpu/, over threads that all devices of the process share.
class Cpu : public Device<HostMemory> {
public:
    explicit Cpu(CpuOptions options = {}) { set_threads(options.threads); }

    int threads() const { return threads_; }
    /// Changes speed only: results are the same bits with any number of threads.
    void set_threads(int threads) {
        if (threads < 0) fail("Cpu", "the number of threads must not be negative", threads);
        threads_ = threads == 0 ? cpu::available_cores() : threads;
    }

private:
    int threads_ = 1;
};

}  // namespace gantry
