#pragma once
// Included by every kernel file: the CUDA C++ keywords, and `start`. Under nvcc, the keywords are the
// compiler's; the tests also run these files without a GPU, in an emulator (tests/cuda_emulator) that defines
// them itself.
#include <gantry/cuda/device.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

#if defined(GANTRY_CUDA_EMULATOR)
#include <cuda_emulator/device_code.hpp>
#elif defined(__CUDACC__)
/// Dynamic shared memory, sized at launch by `Grid::shared_bytes`, as an array of T named `name`.
#define GANTRY_DYNAMIC_SHARED(T, name)                              \
    extern __shared__ __align__(16) unsigned char gantry_shared_[]; \
    T* const name = reinterpret_cast<T*>(gantry_shared_)
#else
#error \
    "gantry's kernels need nvcc: include <gantry/cuda.hpp> and link gantry::cuda, or compile this file as CUDA"
#endif

namespace gantry::cuda {

/// Launch configuration.
struct Grid {
    dim3 blocks, threads;
    std::size_t shared_bytes = 0;  ///< size of GANTRY_DYNAMIC_SHARED, at most 48 KiB
};

/// ceil(a / b)
template <class Integer>
__host__ __device__ constexpr Integer ceil_div(Integer a, Integer b) {
    return (a + b - 1) / b;
}

/// Launches a kernel on the stream of the device: `start(device, "add", add_kernel<float>, {blocks, threads},
/// x, y)`. Throws the launch errors that CUDA reports. Errors inside the kernel appear at the next
/// synchronisation.
template <class... Parameters, class... Arguments>
static void start(Cuda& device, const char* name, void (*kernel)(Parameters...), const Grid& grid,
                  const Arguments&... arguments) {
#if defined(GANTRY_CUDA_EMULATOR)
    check(cuda_emulator::launch(
              name, kernel, grid.blocks, grid.threads, grid.shared_bytes, device.stream(),
              std::tuple<std::remove_const_t<Parameters>...>{static_cast<Parameters>(arguments)...}),
          name);
#else
    std::tuple<std::remove_const_t<Parameters>...> values{static_cast<Parameters>(arguments)...};
    std::apply(
        [&](auto&... value) {
            void* pointers[] = {static_cast<void*>(&value)...};
            check(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid.blocks, grid.threads, pointers,
                                   grid.shared_bytes, device.stream()),
                  name);
        },
        values);
#endif
}

}  // namespace gantry::cuda
