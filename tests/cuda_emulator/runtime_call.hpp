#pragma once
// Common parts of the CUDA runtime's functions. They check their arguments and return the same codes as the
// real ones. Work in a stream is deferred until the host synchronises, which exposes a host that does not.
#include "gpu.hpp"

#include <mutex>

#include <cuda_runtime.h>

namespace cuda_emulator {

inline constexpr auto invalid = cudaErrorInvalidValue;

/// For calls that CUDA forbids while a stream is captured.
template <class Body>
cudaError_t outside_of_captures(Gpu& g, Body body) {
    return g.spoil_captures() ? cudaErrorStreamCaptureUnsupported : body();
}

/// Makes the host wait while `body` runs work on a GPU, then returns the GPU's error, if any.
template <class Body>
cudaError_t synchronize(Gpu& g, int gpu, Body body) {
    ++(std::this_thread::get_id() == g.counting_thread ? g.counts.synchronizations
                                                       : g.counts.background_synchronizations);
    body();
    return g.board(gpu).failure.code;
}

/// For functions that release something: they work even if the GPU has failed, and no fault is injected.
template <class Body>
cudaError_t release_call(Body body) {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    cudaError_t code = body(g);
    if (const cudaError_t failed = g.here().failure.code; failed != cudaSuccess) code = failed;
    if (code != cudaSuccess) this_thread().last_error = code;
    return code;
}

/// For queries.
template <class Body>
cudaError_t query_call(Body body) {
    const std::lock_guard lock(gpu().mutex);
    const cudaError_t code = body(gpu());
    if (code != cudaSuccess) this_thread().last_error = code;
    return code;
}

}  // namespace cuda_emulator
