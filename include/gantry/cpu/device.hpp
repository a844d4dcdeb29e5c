#pragma once
#include <gantry/core/device.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/host_memory.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace gantry {

struct CpuOptions {
    int threads = 0;  ///< 0: as many as OpenMP would take (OMP_NUM_THREADS, else the machine's cores)
};

/// The CPU: memory of the host, kernels in gantry/cpu/, over OpenMP threads.
class Cpu : public Device<HostMemory> {
public:
    explicit Cpu(CpuOptions options = {}) { set_threads(options.threads); }

    int threads() const { return threads_; }
    /// Changes speed only: results are the same bits with any number of threads. Without OpenMP there is one.
    void set_threads(int threads) {
        if (threads < 0) fail("Cpu", "the number of threads must not be negative", threads);
#ifdef _OPENMP
        threads_ = threads == 0 ? omp_get_max_threads() : threads;
#else
        threads_ = 1;
#endif
    }

private:
    int threads_ = 1;
};

}  // namespace gantry
