#pragma once
#include <string>

namespace cuda_emulator {

/// "file.cuh:12" for a code address, if it was compiled with -g and addr2line is installed; else a
/// hexadecimal offset.
std::string code_place(const void* code);

}  // namespace cuda_emulator
