#pragma once
#include "sanitizers.hpp"

#include <cstddef>

namespace cuda_emulator {

/// A stack to run a function on, which can be left in the middle and come back to. The function never
/// returns.
class Fiber {
public:
    /// The stack that runs already.
    Fiber() = default;
    explicit Fiber(void (*function)());
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber();

    /// Forgets where the function was: it begins anew.
    void restart();
    /// Leaves `from`, which is running, and goes on in `to`. Returns when somebody comes back to `from`.
    static void go(Fiber& from, Fiber& to);
    /// What a fiber's function does first.
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
