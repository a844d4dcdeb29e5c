#pragma once
#include <gantry/core/compiler.hpp>

namespace gantry::core {

/// A compile-time condition with a diagnostic: instantiating Diagnosis reports the error. Condition and
/// diagnostic are separate so that the rest of the program still compiles; clang rejects everything that
/// depends on a struct whose instantiation failed.
template <bool holds, class Diagnosis>
struct StaticCheck {
    using diagnosis = Diagnosis;
    static constexpr bool fits = holds;
    /// Reports the error if the condition does not hold: immediately if the result initialises a constexpr
    /// variable, otherwise g++ reports it at the end of the file.
    static constexpr bool diagnose() {
        if constexpr (!fits) static_cast<void>(sizeof(Diagnosis));
        return fits;
    }
};

}  // namespace gantry::core
