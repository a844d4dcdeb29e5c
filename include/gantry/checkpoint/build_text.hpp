#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/version.hpp>

#include <string>

namespace gantry {

namespace core {
inline namespace GANTRY_TARGET {

/// Describes the parts of the build that can affect rounding, in one line:
/// "gantry 0.1.0, g++ 12.2.0, optimised, x86-64, 512-bit vectors, FMA".
inline std::string build_text() {
    std::string text = "gantry " + std::string(version);
#if defined(__clang__)
    text += ", clang " __clang_version__;
#elif defined(__GNUC__)
    text += ", g++ " __VERSION__;
#endif
#if defined(__FAST_MATH__)
    text += ", fast math";
#endif
#if defined(__OPTIMIZE__)
    text += ", optimised";  // optimising compilers may contract multiply-add to FMA by default
#else
    text += ", not optimised";
#endif
#if defined(__x86_64__)
    text += ", x86-64";
#elif defined(__aarch64__)
    text += ", AArch64";
#endif
    text += ", " + std::to_string(8 * cpu::vector_bytes) + "-bit vectors";
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    text += ", FMA";
#endif
    return text;
}

}  // namespace GANTRY_TARGET
}  // namespace core

}  // namespace gantry
