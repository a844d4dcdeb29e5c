#pragma once
#include <cstddef>

#include <cuda_runtime.h>

namespace gantry::bench {

/// Totals of the program's calls to CUDA's graph functions, which the linker redirects to runtime_calls.cpp
/// (ld --wrap).
struct RuntimeCalls {
    double end_capture = 0, update = 0, launch = 0;  ///< microseconds of host time
    long instantiations = 0;
    std::size_t nodes = 0;            ///< of the graph captured last
    cudaGraphExec_t graph = nullptr;  ///< the one launched last
};

RuntimeCalls& runtime_calls();

}  // namespace gantry::bench
