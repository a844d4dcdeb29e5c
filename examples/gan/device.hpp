#pragma once
#include "options.hpp"
#include <gantry/core/error.hpp>
#include <gantry/cpu/cpu.hpp>
#include <gantry/data/batches.hpp>
#include <gantry/data/device_batches.hpp>

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

/// Calls `f(std::type_identity<D>{})` with the device that --device names. `auto` is a GPU where there is
/// one, and says what it has taken; in a program built without CUDA it is the CPU, as ever. Errors: a GPU is
/// asked for there.
template <class F>
auto on_device(const Options& options, const F& f) {
#ifdef GANTRY_WITH_CUDA
    if (options.device == "cuda") return f(std::type_identity<Cuda>{});
    if (options.device == "auto") {
        const cuda::Availability found = cuda::availability();
        std::printf("Device: %s\n", found.gpus > 0 ? "the GPU" : ("the CPU (" + found.reason + ")").c_str());
        if (found.gpus > 0) return f(std::type_identity<Cuda>{});
    }
#else
    if (options.device == "cuda")
        fail("--device", "this program was built without CUDA: configure with -D GANTRY_CUDA=ON",
             options.device);
#endif
    return f(std::type_identity<Cpu>{});
}

/// Serves pictures on a device: a GPU converts batches itself, for the CPU a background thread prepares them.
template <class Item, class D>
auto make_batches([[maybe_unused]] D& device, const Images& images, const BatchOptions& options) {
    if constexpr (D::asynchronous)
        return DeviceBatches<Item, float, D>(device, images.pixels, options);
    else
        return Batches<float>(images.pixels, images.item_size(), {}, options);
}

}  // namespace gantry::gan
