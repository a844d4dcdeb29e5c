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

namespace gantry::program {

/// What a device of type D is made with.
template <class D>
auto device_options([[maybe_unused]] const Options& options) {
    if constexpr (std::is_same_v<D, Cpu>) return CpuOptions{.threads = options.threads};
#ifdef GANTRY_WITH_CUDA
    else
        // Not measured: a resumed run is another process, and must have the same bits.
        return CudaOptions{.gpu = options.gpu.value_or(0), .tf32 = options.tf32, .measure = false};
#endif
}

/// A device of type D in words, as far as it can change bits of results.
template <class D>
std::string device_text([[maybe_unused]] const Options& options) {
    if constexpr (std::is_same_v<D, Cpu>) return "the CPU";
#ifdef GANTRY_WITH_CUDA
    else
        return cuda::Gpu::name(options.gpu.value_or(0)) + (options.tf32 ? ", TF32" : "");
#endif
}

/// The option that needs a GPU, or null: `--device cuda`, `--gpu` or `--tf32`.
inline const char* needs_gpu(const Options& options) {
    return options.device == "cuda" ? "--device cuda"
           : options.gpu            ? "--gpu"
           : options.tf32           ? "--tf32"
                                    : nullptr;
}

/// Calls `f(std::type_identity<D>{})` with the device that the options name, and prints which GPU that is.
/// `auto` is a GPU where there is one; else it is the CPU, and prints why. In a program built without CUDA it
/// is the CPU. Errors: an option needs a GPU, and there is none or none with that number.
template <class F>
auto on_device(const Options& options, const F& f) {
    [[maybe_unused]] const char* const option = needs_gpu(options);
#ifdef GANTRY_WITH_CUDA
    if (options.device != "cpu") {
        const cuda::Availability found = cuda::availability();
        if (found.gpus > 0) {
            const int gpu = options.gpu.value_or(0);
            cuda::Gpu::check_exists(gpu, "--gpu");
            std::printf("Device: GPU %d, %s%s\n", gpu, cuda::Gpu::name(gpu).c_str(),
                        options.tf32 ? ", TF32" : "");
            return f(std::type_identity<Cuda>{});
        }
        if (option) fail(option, found.reason);
        std::printf("Device: the CPU (%s)\n", found.reason.c_str());
    }
#else
    if (option) fail(option, "this program was built without CUDA: configure with -D GANTRY_CUDA=ON");
#endif
    return f(std::type_identity<Cpu>{});
}

/// Serves pictures on a device: a GPU converts batches itself, for the CPU a background thread prepares them.
template <class Item, class D>
auto make_batches([[maybe_unused]] D& device, const Images& images, const BatchOptions& options) {
    if constexpr (D::asynchronous)
        return DeviceBatches<Item, float, D>(device, images.pixels, options);
    else
        return Batches<float>(images.pixels, images.sample_size(), {}, options);
}

}  // namespace gantry::program
