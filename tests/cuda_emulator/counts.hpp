#pragma once
// What a GPU was asked to do, counted.
#include <cstddef>
#include <map>
#include <string>

namespace cuda_emulator {

struct CopyCounts {
    std::size_t calls = 0, bytes = 0;
};

/// Bytes of global memory that a kernel moved, over all its launches. Only files compiled with
/// -fsanitize=thread are counted, and functions of libraries: each byte of their arguments once, and nothing
/// of their workspace.
struct KernelBytes {
    std::size_t issued_reads = 0, issued_writes = 0;  ///< by each access of each thread
    std::size_t reads = 0, writes = 0;  ///< each byte once for a launch: what must come from and go to memory
};

struct Counts {
    std::map<std::string, std::size_t>
        launches;  ///< by the kernel's name, when they run: those of graphs too
    std::map<std::string, std::size_t> library_calls;
    std::map<int, std::size_t> launches_by_gpu;  ///< of kernels and library functions
    std::map<std::string, KernelBytes> kernel_bytes;
    std::size_t library_functions = 0;                ///< that ran: each is a launch or more
    std::size_t kernels_started = 0;                  ///< calls of `launch` outside of a capture
    std::size_t graph_launches = 0, graph_nodes = 0;  ///< nodes that graph launches ran
    std::size_t allocations = 0, frees = 0, host_allocations = 0, host_frees = 0;
    std::size_t live_allocations = 0, live_bytes = 0, live_host_bytes = 0;
    std::size_t synchronizations = 0;             ///< calls that make the thread wait which reset the counts
    std::size_t background_synchronizations = 0;  ///< those of other threads
    CopyCounts host_to_device, device_to_host, device_to_device;
    std::size_t fills = 0;  ///< cudaMemset and cudaMemsetAsync, also in graphs

    /// All kernels and library functions that ran.
    std::size_t total_launches() const {
        std::size_t sum = library_functions;
        for (const auto& [name, launched] : launches) sum += launched;
        return sum;
    }
};

/// Since the start of the program or the last `reset_counts`.
Counts counts();
/// Sets all but the live memory to 0.
void reset_counts();

}  // namespace cuda_emulator
