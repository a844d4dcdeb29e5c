#pragma once
#include <gantry/core/device.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/host_memory.hpp>
#include <gantry/core/target.hpp>

#include <algorithm>
#include <thread>
#include <type_traits>

#ifdef __linux__
#include <sched.h>
#endif

namespace gantry::cpu::inline GANTRY_TARGET {

/// Number of cores that the process may run on, as limited by `taskset`.
inline int available_cores() {
#ifdef __linux__
    cpu_set_t cores;
    if (::sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_COUNT(&cores);
#endif
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace gantry::cpu::inline GANTRY_TARGET

namespace gantry {

/// Options of Cpu.
struct CpuOptions {
    int threads = 0;  ///< 0: one per core that the process may run on
};

inline namespace GANTRY_TARGET {

/// The CPU device. It uses host memory, the kernels in gantry/cpu/, and threads that are shared by all
/// devices of the process.
class Cpu : public Device<core::HostMemory> {
public:
    /// Throws if options.threads < 0.
    explicit Cpu(CpuOptions options = {}) { set_threads(options.threads); }

    /// Sums of floats in double, too: see cpu/wide_sums.hpp.
    template <class Storage, class Sum>
    static constexpr bool sums_in =
        std::is_same_v<Sum, Storage> || (std::is_same_v<Storage, float> && std::is_same_v<Sum, double>);

    /// Number of threads that a kernel may use.
    int threads() const { return threads_; }
    /// Sets the number of threads; 0 means one per available core. Affects speed only: results are bitwise
    /// the same for any number of threads. Throws if `threads` < 0.
    void set_threads(int threads) {
        if (threads < 0) fail("Cpu", "the number of threads must not be negative", threads);
        threads_ = threads == 0 ? cpu::available_cores() : threads;
    }

private:
    int threads_ = 1;
};

}  // namespace GANTRY_TARGET

}  // namespace gantry
