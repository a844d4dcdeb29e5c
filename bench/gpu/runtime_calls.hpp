#pragma once
#include <cstddef>

#include <cuda_runtime.h>

namespace gantry::bench {

/// Totals of the program's calls of CUDA's graph functions. The linker redirects these calls to
/// runtime_calls.cpp (ld --wrap).
struct RuntimeCalls {
    double end_capture = 0, update = 0, launch = 0;  ///< microseconds that the host spent in them
    long instantiations = 0;
    std::size_t nodes = 0;            ///< of the graph that was captured last
    cudaGraphExec_t graph = nullptr;  ///< that was launched last
};

RuntimeCalls& runtime_calls();

}  // namespace gantry::bench
