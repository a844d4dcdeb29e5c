#pragma once
#include <gantry/core/compiler.hpp>

namespace gantry::detail {

/// A condition of the compiler, and the struct whose instantiation says so where it does not hold. The two
/// are apart, so that the rest of a program can go on: to clang everything is wrong that depends on a struct
/// that failed.
template <bool holds, class Diagnosis>
struct StaticCheck {
    static constexpr bool fits = holds;
    /// Where it does not hold, the compiler says so: at once where the result is a constexpr variable, else
    /// g++ waits for the end of the file.
    static constexpr bool diagnose() {
        if constexpr (!fits) static_cast<void>(sizeof(Diagnosis));
        return fits;
    }
};

}  // namespace gantry::detail
