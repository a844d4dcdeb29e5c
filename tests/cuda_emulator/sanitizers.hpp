#pragma once
// The sanitizers that the including file is compiled with.

#if defined(__SANITIZE_ADDRESS__)
#define CUDA_EMULATOR_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CUDA_EMULATOR_ADDRESS_SANITIZER 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define CUDA_EMULATOR_ACCESSES_ARE_TOLD 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CUDA_EMULATOR_ACCESSES_ARE_TOLD 1
#endif
#endif

namespace cuda_emulator {

#ifdef CUDA_EMULATOR_ADDRESS_SANITIZER
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

}  // namespace cuda_emulator
