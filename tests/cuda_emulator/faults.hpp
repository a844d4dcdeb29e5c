#pragma once
// Failures on purpose. A test that walks n = 1, 2, 3 ... until `fault_happened` says no has seen every call
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
    other,       ///< streams, events, graphs, synchronisations: what CUDA says may fail
    any
};

/// The n-th call of that kind from now on fails, counted from 1; others do not. `code` is a cudaError_t;
/// without one it is what that call fails with most often. Libraries have codes of their own.
void inject_fault(Call call, std::size_t n, std::optional<int> code = {});
void clear_fault();
/// Whether the injected one came to pass.
bool fault_happened();

/// What cudnnGetLastErrorString gives at its next call.
void set_cudnn_reason(std::string reason);

}  // namespace cuda_emulator
