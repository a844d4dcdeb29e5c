#pragma once
#include "sanitizers.hpp"

#include <cstddef>

namespace cuda_emulator {

/// A stack on which a function runs that can be suspended and resumed. The function never returns.
class Fiber {
public:
    /// Represents the stack that is already running.
    Fiber() = default;
    explicit Fiber(void (*function)());
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber();

    /// Discards the suspended function: it starts from the beginning.
    void restart();
    /// Suspends `from`, which is running, and resumes `to`. Returns when `from` is resumed.
    static void go(Fiber& from, Fiber& to);
    /// Must be the first call of a fiber's function.
    static void arrived(Fiber& self);

    const char* stack() const { return stack_; }
    static constexpr std::size_t bytes = address_sanitizer ? 256 << 10 : 64 << 10;

private:
    void (*function_)() = nullptr;
    char* stack_ = nullptr;
    void* position_ = nullptr;    ///< stack pointer, or a ucontext_t
    void* fake_stack_ = nullptr;  ///< AddressSanitizer's
};

}  // namespace cuda_emulator
