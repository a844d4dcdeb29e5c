#pragma once
// Counts of the work that a GPU was given.
#include <cstddef>
#include <map>
#include <string>

namespace cuda_emulator {

struct CopyCounts {
    std::size_t calls = 0, bytes = 0;
};

/// Bytes of global memory that a kernel moved, over all its launches. Counted for files compiled with
/// -fsanitize=thread and for library functions: each byte of their arguments once, and nothing of their
/// workspace.
struct KernelBytes {
    std::size_t issued_reads = 0, issued_writes = 0;  ///< by every access of every thread
    std::size_t reads = 0, writes = 0;  ///< each byte once per launch: the minimum memory traffic
};

struct Counts {
    std::map<std::string, std::size_t>
        launches;  ///< by kernel name, counted when they run, including those of graphs
    std::map<std::string, std::size_t> library_calls;
    std::map<int, std::size_t> launches_by_gpu;  ///< of kernels and library functions
    std::map<std::string, KernelBytes> kernel_bytes;
    std::size_t library_functions = 0;                ///< executed, each of them one or more launches
    std::size_t kernels_started = 0;                  ///< calls of `launch` outside of a capture
    std::size_t graph_launches = 0, graph_nodes = 0;  ///< nodes that graph launches ran
    std::size_t allocations = 0, frees = 0, host_allocations = 0, host_frees = 0;
    std::size_t live_allocations = 0, live_bytes = 0, live_host_bytes = 0;
    std::size_t synchronizations = 0;             ///< blocking calls of the thread that reset the counts
    std::size_t background_synchronizations = 0;  ///< blocking calls of other threads
    CopyCounts host_to_device, device_to_host, device_to_device;
    std::size_t fills = 0;  ///< cudaMemset and cudaMemsetAsync, including those of graphs

    /// All executed kernels and library functions.
    std::size_t total_launches() const {
        std::size_t sum = library_functions;
        for (const auto& [name, launched] : launches) sum += launched;
        return sum;
    }
};

/// Counts since the start of the program or the last `reset_counts`.
Counts counts();
/// Sets everything except the live memory to 0.
void reset_counts();

}  // namespace cuda_emulator
