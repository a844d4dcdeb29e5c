#pragma once
#include "options.hpp"
#include <gantry/core/error.hpp>
#include <gantry/cpu/cpu.hpp>

#ifdef GANTRY_WITH_CUDA
#include <gantry/cuda.hpp>
#endif

#include <cstdio>
#include <string>
#include <type_traits>

namespace gantry::gan {

/// What a device of type D is made with.
template <class D>
auto device_options([[maybe_unused]] const Options& options) {
    if constexpr (std::is_same_v<D, Cpu>) return CpuOptions{.threads = options.threads};
#ifdef GANTRY_WITH_CUDA
    else
        return CudaOptions{};
#endif
}

/// Calls `f(std::type_identity<D>{})` with the device that --device names; `auto` is a GPU where there is
/// one, and says what it has taken. Errors: a GPU is asked for and the program was built without CUDA.
template <class F>
auto on_device(const Options& options, const F& f) {
    const auto say = [](const std::string& text) { std::printf("Device: %s\n", text.c_str()); };
#ifdef GANTRY_WITH_CUDA
    if (options.device == "cuda") return f(std::type_identity<Cuda>{});
    if (options.device == "auto") {
        const cuda::Availability found = cuda::availability();
        say(found.gpus > 0 ? "the GPU (--device cpu: the CPU)" : "the CPU (" + found.reason + ")");
        if (found.gpus > 0) return f(std::type_identity<Cuda>{});
    }
#else
    if (options.device == "cuda")
        fail("--device", "this program was built without CUDA: configure with -D GANTRY_CUDA=ON",
             options.device);
    if (options.device == "auto") say("the CPU (the program was built without CUDA)");
#endif
    return f(std::type_identity<Cpu>{});
}

}  // namespace gantry::gan
