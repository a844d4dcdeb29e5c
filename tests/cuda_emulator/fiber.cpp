#include "fiber.hpp"

#include <cstdint>
#include <new>

#include <sys/mman.h>

#ifdef CUDA_EMULATOR_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace cuda_emulator {
namespace {
constexpr std::size_t guard_bytes = 4096;  // below each stack: a stack overflow causes a fault

#ifdef CUDA_EMULATOR_ADDRESS_SANITIZER
// The stack of the host thread, as the sanitizer knows it.
const void* host_stack = nullptr;
std::size_t host_stack_bytes = 0;
bool host_left = false;
#endif
}  // namespace

#if defined(__x86_64__)
// Saves the callee-saved registers and swaps stacks. A suspended stack holds, from its pointer on: r15, r14,
// r13, r12, rbx, rbp, return address.
extern "C" void cuda_emulator_swap_stacks(void** left, void* entered);
asm(R"(
.text
.globl cuda_emulator_swap_stacks
.type cuda_emulator_swap_stacks, @function
cuda_emulator_swap_stacks:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
.size cuda_emulator_swap_stacks, . - cuda_emulator_swap_stacks
)");
#endif

Fiber::Fiber(void (*function)()) : function_(function) {
    void* memory = mmap(nullptr, guard_bytes + bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    mprotect(memory, guard_bytes, PROT_NONE);
    stack_ = static_cast<char*>(memory) + guard_bytes;
#if !defined(__x86_64__)
    position_ = new ucontext_t;
#endif
    restart();
}

Fiber::~Fiber() {
    if (stack_ == nullptr) return;
    munmap(stack_ - guard_bytes, guard_bytes + bytes);
#if !defined(__x86_64__)
    delete static_cast<ucontext_t*>(position_);
#endif
}

void Fiber::restart() {
#ifdef CUDA_EMULATOR_ADDRESS_SANITIZER
    __asan_unpoison_memory_region(stack_, bytes);  // left poisoned by abandoned functions
#endif
    fake_stack_ = nullptr;
#if defined(__x86_64__)
    // Stacks are a power of two apart. Without separate offsets, their tops would map to the same cache sets.
    const std::size_t colour = reinterpret_cast<std::uintptr_t>(stack_) / (guard_bytes + bytes) % 61;
    void** top = reinterpret_cast<void**>(stack_ + bytes - 64 * colour);
    *--top = nullptr;  // in place of a caller's return address
    *--top = reinterpret_cast<void*>(function_);
    for (int registers = 0; registers < 6; ++registers) *--top = nullptr;
    position_ = top;
#else
    auto* context = static_cast<ucontext_t*>(position_);
    getcontext(context);
    context->uc_stack.ss_sp = stack_;
    context->uc_stack.ss_size = bytes;
    context->uc_link = nullptr;
    makecontext(context, function_, 0);
#endif
}

void Fiber::go(Fiber& from, Fiber& to) {
    if (&from == &to) return;
#ifdef CUDA_EMULATOR_ADDRESS_SANITIZER
    host_left = from.stack_ == nullptr;
    if (to.stack_ == nullptr)
        __sanitizer_start_switch_fiber(&from.fake_stack_, host_stack, host_stack_bytes);
    else
        __sanitizer_start_switch_fiber(&from.fake_stack_, to.stack_, bytes);
#endif
#if defined(__x86_64__)
    cuda_emulator_swap_stacks(&from.position_, to.position_);
#else
    if (from.position_ == nullptr) from.position_ = new ucontext_t;
    swapcontext(static_cast<ucontext_t*>(from.position_), static_cast<ucontext_t*>(to.position_));
#endif
    arrived(from);
}

void Fiber::arrived([[maybe_unused]] Fiber& self) {
#ifdef CUDA_EMULATOR_ADDRESS_SANITIZER
    const void* left = nullptr;
    std::size_t left_bytes = 0;
    __sanitizer_finish_switch_fiber(self.fake_stack_, &left, &left_bytes);
    if (host_left) {
        host_stack = left;
        host_stack_bytes = left_bytes;
    }
#endif
}

}  // namespace cuda_emulator
