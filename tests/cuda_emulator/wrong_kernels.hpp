#pragma once
// Incorrect kernels and uses of CUDA, with the builds that must detect them, and correct ones that must not
// be reported. wrong_kernels.cu is compiled with the flags under test, like gantry's kernels.
#include <span>

namespace cuda_emulator::test {

/// The report expected from each build. Null: it cannot detect the error.
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
