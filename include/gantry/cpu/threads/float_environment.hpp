#pragma once
#include <gantry/core/compiler.hpp>
#include <gantry/core/target.hpp>

#ifndef __SSE2__
#include <cfenv>
#endif

namespace gantry::cpu::inline GANTRY_TARGET {

/// Scope that gives the calling thread the floating-point environment that kernels need, whatever the program
/// has set: rounding to nearest, since vectorised functions round by addition, and no traps, since whole
/// vectors also compute in lanes that hold no element. Flush-to-zero and denormals-are-zero are inherited
/// from the caller.
class [[nodiscard]] FloatEnvironment {
public:
#ifdef __SSE2__
    FloatEnvironment() : FloatEnvironment((of_thread() & subnormals_are_0) | masked_traps) {}
    /// On another thread: applies the environment of `caller`.
    FloatEnvironment(const FloatEnvironment& caller) : FloatEnvironment(caller.inside_) {}
    FloatEnvironment& operator=(const FloatEnvironment&) = delete;
    ~FloatEnvironment() {
        if (before_ != inside_) __builtin_ia32_ldmxcsr(before_);
    }

private:
    // Bits of the MXCSR register.
    static constexpr unsigned raised_exceptions = 0x3f, masked_traps = 0x1f80, subnormals_are_0 = 0x8040;

    static unsigned of_thread() { return __builtin_ia32_stmxcsr() & ~raised_exceptions; }
    explicit FloatEnvironment(unsigned inside) : before_(of_thread()), inside_(inside) {
        if (before_ != inside_) __builtin_ia32_ldmxcsr(inside_);
    }

    unsigned before_, inside_;
#else
    FloatEnvironment() {
        std::feholdexcept(&before_);
        std::fesetround(FE_TONEAREST);
        std::fegetenv(&inside_);
    }
    FloatEnvironment(const FloatEnvironment& caller) : inside_(caller.inside_) {
        std::fegetenv(&before_);
        std::fesetenv(&inside_);
    }
    FloatEnvironment& operator=(const FloatEnvironment&) = delete;
    ~FloatEnvironment() { std::fesetenv(&before_); }

private:
    std::fenv_t before_, inside_;
#endif
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
