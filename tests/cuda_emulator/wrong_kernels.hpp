#pragma once
// Kernels and uses of CUDA that are wrong on purpose, and who has to notice; and right ones, which nobody may
// report. wrong_kernels.cu is compiled with the flags under test, like the kernels of gantry.
#include <span>

namespace cuda_emulator::test {

/// What each build has to say. Null: it cannot notice.
struct WrongKernel {
    const char* name;
    void (*run)();
    const char* plain;    ///< in every build
    const char* address;  ///< compiled with -fsanitize=address,undefined
    const char* race;     ///< compiled with -fsanitize=thread, and linked without
};
std::span<const WrongKernel> wrong_kernels();

struct RightKernel {
    const char* name;
    void (*run)();
};
std::span<const RightKernel> right_kernels();

/// How wrong_kernels.cu was compiled.
bool compiled_with_address_sanitizer();
bool compiled_for_race_checks();

}  // namespace cuda_emulator::test
