#pragma once
// Fault injection. A test that walks n = 1, 2, 3 ... until `fault_happened` is false has seen every call
// fail:
//
//     for (std::size_t n = 1;; ++n) {
//         inject_fault(Call::any, n);
//         ... work; it may throw ...
//         if (!fault_happened()) break;
//     }
#include <cstddef>
#include <optional>
#include <string>

namespace cuda_emulator {

enum class Call {
    allocation,  ///< cudaMalloc, cudaMallocHost
    launch,      ///< kernels and graphs
    copy,        ///< copies and fills
    library,     ///< cuBLAS and cuDNN
    other,       ///< streams, events, graphs, synchronisation: calls that CUDA documents as fallible
    any
};

/// Makes the n-th call of that kind from now on fail, counted from 1, and no other. `code` is a cudaError_t,
/// by default the most common error of that call. Libraries have separate codes.
void inject_fault(Call call, std::size_t n, std::optional<int> code = {});
void clear_fault();
/// True if the injected fault occurred.
bool fault_happened();

/// Sets the text that the next cudnnGetLastErrorString returns.
void set_cudnn_reason(std::string reason);

}  // namespace cuda_emulator
