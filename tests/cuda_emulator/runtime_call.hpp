#pragma once
// What the functions of CUDA's runtime have in common. They check their arguments and answer as the real ones
// do; work that the real ones put into a stream waits in the stream until the host synchronises, so that a
// host that does not is found out.
#include "gpu.hpp"

#include <mutex>

#include <cuda_runtime.h>

namespace cuda_emulator {

inline constexpr auto invalid = cudaErrorInvalidValue;

/// For what CUDA forbids while a stream is captured.
template <class Body>
cudaError_t outside_of_captures(Gpu& g, Body body) {
    return g.spoil_captures() ? cudaErrorStreamCaptureUnsupported : body();
}

/// Lets the host wait for `body` to run things on a GPU, then says whether that has failed.
template <class Body>
cudaError_t synchronize(Gpu& g, int gpu, Body body) {
    ++(std::this_thread::get_id() == g.counting_thread ? g.counts.synchronizations
                                                       : g.counts.background_synchronizations);
    body();
    return g.board(gpu).failure.code;
}

/// A function that gives something back does so even if the GPU has failed, and never fails on purpose.
template <class Body>
cudaError_t release_call(Body body) {
    Gpu& g = gpu();
    const std::lock_guard lock(g.mutex);
    cudaError_t code = body(g);
    if (const cudaError_t failed = g.here().failure.code; failed != cudaSuccess) code = failed;
    if (code != cudaSuccess) this_thread().last_error = code;
    return code;
}

/// For calls that only ask.
template <class Body>
cudaError_t query_call(Body body) {
    const std::lock_guard lock(gpu().mutex);
    const cudaError_t code = body(gpu());
    if (code != cudaSuccess) this_thread().last_error = code;
    return code;
}

}  // namespace cuda_emulator
