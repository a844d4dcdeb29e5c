#pragma once
// A kernel with its arguments, to be put into a stream.
#include "sanitizers.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include <cuda_runtime.h>

namespace cuda_emulator {

struct KernelLaunch {
    std::string name;
    const void* function = nullptr;
    dim3 blocks, threads;
    std::size_t shared_bytes = 0;
    /// Calls the kernel with its arguments for the thread of `coordinates`.
    void (*run_thread)(const void* arguments) = nullptr;
    std::shared_ptr<const void> arguments;
    std::size_t arguments_bytes = 0;
    std::vector<const void*> pointers;  ///< the pointers among the arguments
    bool accesses_are_told =
        false;  ///< compiled with -fsanitize=thread: every access is reported to the race checker
};

/// Checks the extents as CUDA does and puts the kernel into a stream, or into the graph that the stream
/// captures.
cudaError_t launch(KernelLaunch kernel, cudaStream_t stream);

/// Launches `kernel(arguments...)` for every thread of every block. (static: each file has a separate copy,
/// since `accesses_are_told` depends on the file's flags.)
template <class... P>
static cudaError_t launch(const char* name, void (*kernel)(P...), dim3 blocks, dim3 threads,
                          std::size_t shared_bytes, cudaStream_t stream,
                          std::tuple<std::remove_const_t<P>...> arguments) {
    struct Bound {
        void (*kernel)(P...);
        std::tuple<std::remove_const_t<P>...> arguments;
    };
    KernelLaunch all;
    all.name = name;
    all.function = reinterpret_cast<const void*>(kernel);
    all.blocks = blocks;
    all.threads = threads;
    all.shared_bytes = shared_bytes;
    const auto note_pointer = [&](const auto& argument) {
        if constexpr (std::is_pointer_v<std::decay_t<decltype(argument)>>) all.pointers.push_back(argument);
    };
    std::apply([&](const auto&... each) { (note_pointer(each), ...); }, arguments);
    all.run_thread = [](const void* bound) {
        const auto& [function, values] = *static_cast<const Bound*>(bound);
        std::apply(function, values);
    };
    all.arguments = std::make_shared<const Bound>(Bound{kernel, std::move(arguments)});
    all.arguments_bytes = sizeof(Bound);
#ifdef CUDA_EMULATOR_ACCESSES_ARE_TOLD
    all.accesses_are_told = true;
#endif
    return launch(std::move(all), stream);
}

}  // namespace cuda_emulator
