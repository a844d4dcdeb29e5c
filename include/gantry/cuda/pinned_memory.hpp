#pragma once
#include <gantry/cuda/check.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace gantry::cuda {

namespace detail {
struct FreePinned {
    void operator()(std::byte* memory) const { cudaFreeHost(memory); }
};
}  // namespace detail

/// Page-locked host memory, from which the GPU copies asynchronously.
using PinnedMemory = std::unique_ptr<std::byte, detail::FreePinned>;

/// Allocates page-locked memory. Errors: the host cannot lock that much.
inline PinnedMemory allocate_pinned(std::size_t bytes) {
    void* memory = nullptr;
    const cudaError_t code = cudaMallocHost(&memory, bytes);
    if (code == cudaErrorMemoryAllocation)
        fail("cudaMallocHost",
             std::string(cudaGetErrorString(code)) + " (" + cudaGetErrorName(code) +
                 "): the host has too little page-locked memory available: use a smaller batch, or "
                 "end other programs");
    check(code, "cudaMallocHost");
    return PinnedMemory(static_cast<std::byte*>(memory));
}

}  // namespace gantry::cuda
