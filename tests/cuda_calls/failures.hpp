#pragma once
// For tests of failing calls: resources that a program holds, and the form of error messages.
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/gpu.hpp"
#include "cuda_emulator/library_objects.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace gantry::test {

/// GPU and library resources that the program holds.
inline std::vector<std::size_t> held() {
    const cuda_emulator::Counts counts = cuda_emulator::counts();
    const cuda_emulator::Gpu& gpu = cuda_emulator::gpu();
    return {counts.live_allocations,
            counts.live_bytes,
            counts.live_host_bytes,
            gpu.streams.size(),
            gpu.events.size(),
            gpu.graphs.size(),
            gpu.executables.size(),
            cuda_emulator::living_cublas_objects(),
            cuda_emulator::living_cudnn_objects()};
}

/// True if a message is one line of the form `[call] what happened (CODE): what to do`.
inline bool is_clear(const std::string& message) {
    const std::size_t call_ends = message.find("] "), code_ends = message.find("): ");
    return message.starts_with('[') && call_ends > 1 && call_ends < code_ends &&
           code_ends + 3 < message.size() && message.find('\n') == std::string::npos;
}

}  // namespace gantry::test
