#pragma once
#include "options.hpp"
#include <gantry/core/error.hpp>
#include <gantry/cpu/cpu.hpp>
#include <gantry/data/batches.hpp>
#include <gantry/data/device_batches.hpp>
#include <gantry/meta/step_cost.hpp>

#ifdef GANTRY_DEVICE_EIGEN  // in the programs of GANTRY_EIGEN_EXAMPLES
#include <gantry/eigen/eigen.hpp>
#endif
#ifdef GANTRY_WITH_CUDA
#include <gantry/cuda.hpp>
#include <gantry/cuda/versions_text.hpp>
#endif

#include <cstdio>
#include <string>
#include <type_traits>

namespace gantry::program {

/// A device of type D.
template <class D>
D make_device([[maybe_unused]] const Options& options) {
    if constexpr (std::is_same_v<D, Cpu>) return Cpu({.threads = options.threads});
#ifdef GANTRY_WITH_CUDA
    // Algorithms are not timed: a resumed run is another process and must reproduce the same bits.
    else if constexpr (std::is_same_v<D, Cuda>)
        return Cuda({.gpu = options.gpu.value_or(0), .tf32 = options.tf32, .measure = false});
#endif
    else
        return D();
}

/// Names a device of type D, with every version and option that can change the bits of a result.
template <class D>
std::string device_text([[maybe_unused]] const Options& options) {
    if constexpr (std::is_same_v<D, Cpu>) return "the CPU";
    if constexpr (std::is_same_v<D, Meta>) return "none";
#ifdef GANTRY_DEVICE_EIGEN
    if constexpr (std::is_same_v<D, EigenCpu>) return "the CPU, with Eigen " + eigen::version();
#endif
#ifdef GANTRY_WITH_CUDA
    if constexpr (std::is_same_v<D, Cuda>)
        return cuda::Gpu::name(options.gpu.value_or(0)) + ", " + cuda::versions_text() +
               (options.tf32 ? ", TF32" : "");
#endif
}

/// The given option that requires a GPU: `--device cuda`, `--gpu` or `--tf32`; null if there is none.
inline const char* needs_gpu(const Options& options) {
    return options.device == "cuda" ? "--device cuda"
           : options.gpu            ? "--gpu"
           : options.tf32           ? "--tf32"
                                    : nullptr;
}

/// Calls `f(std::type_identity<D>{})` with the device type that the options select, and prints the device.
/// `auto` selects a GPU if one is available, else the CPU, and prints the reason. Programs built without CUDA
/// always use the CPU. Errors: an option requires a GPU and none is available, or not the one with that
/// number; the program was built without Eigen.
template <class F>
auto on_device(const Options& options, const F& f) {
    if (options.device == "eigen") {
#ifdef GANTRY_DEVICE_EIGEN
        std::printf("Device: %s\n", device_text<EigenCpu>(options).c_str());
        return f(std::type_identity<EigenCpu>{});
#else
        fail("--device eigen",
             "this program was built without Eigen: configure with -D GANTRY_EIGEN=ON and "
             "-D GANTRY_EIGEN_EXAMPLES=PROGRAM");
#endif
    }
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

/// Batches of images for a device: a GPU converts them itself, for a CPU a background thread prepares them.
template <class Item, class D>
auto make_batches([[maybe_unused]] D& device, const Images& images, const BatchOptions& options) {
    if constexpr (D::asynchronous)
        return DeviceBatches<Item, float, D>(device, images.pixels, options);
    else
        return Batches<float>(images.pixels, images.sample_size(), {}, options);
}

}  // namespace gantry::program
