// The hooks that code compiled with -fsanitize=thread calls. The program is linked without that flag, so
// these are the only definitions.
#include "race.hpp"

#include <cstring>

using cuda_emulator::race::tell;

namespace {
void tell_range(const void* memory, std::size_t bytes, bool writes, const void* code) {
    if (bytes > 0) tell({reinterpret_cast<std::uintptr_t>(memory), bytes, writes, false, false, code});
}
}  // namespace

#define ACCESS(name, size, writes, aligned)                                            \
    void __tsan_##name(void* address) {                                                \
        tell({reinterpret_cast<std::uintptr_t>(address), size, writes, false, aligned, \
              __builtin_return_address(0)});                                           \
    }
#define ACCESSES(size)                               \
    ACCESS(read##size, size, false, true)            \
    ACCESS(write##size, size, true, true)            \
    ACCESS(volatile_read##size, size, false, true)   \
    ACCESS(volatile_write##size, size, true, true)   \
    ACCESS(unaligned_read##size, size, false, false) \
    ACCESS(unaligned_write##size, size, true, false)

// Atomic operations of host code, such as shared_ptr's. Kernels use CUDA's.
#define ATOMICS(bits, T)                                                                                    \
    T __tsan_atomic##bits##_load(const volatile T* memory, int) {                                           \
        return __atomic_load_n(memory, __ATOMIC_SEQ_CST);                                                   \
    }                                                                                                       \
    void __tsan_atomic##bits##_store(volatile T* memory, T value, int) {                                    \
        __atomic_store_n(memory, value, __ATOMIC_SEQ_CST);                                                  \
    }                                                                                                       \
    T __tsan_atomic##bits##_exchange(volatile T* memory, T value, int) {                                    \
        return __atomic_exchange_n(memory, value, __ATOMIC_SEQ_CST);                                        \
    }                                                                                                       \
    T __tsan_atomic##bits##_fetch_add(volatile T* memory, T value, int) {                                   \
        return __atomic_fetch_add(memory, value, __ATOMIC_SEQ_CST);                                         \
    }                                                                                                       \
    T __tsan_atomic##bits##_fetch_sub(volatile T* memory, T value, int) {                                   \
        return __atomic_fetch_sub(memory, value, __ATOMIC_SEQ_CST);                                         \
    }                                                                                                       \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile T* memory, T* expected, T value, int, int) { \
        return __atomic_compare_exchange_n(memory, expected, value, false, __ATOMIC_SEQ_CST,                \
                                           __ATOMIC_SEQ_CST);                                               \
    }                                                                                                       \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile T* memory, T* expected, T value, int, int) {   \
        return __atomic_compare_exchange_n(memory, expected, value, true, __ATOMIC_SEQ_CST,                 \
                                           __ATOMIC_SEQ_CST);                                               \
    }                                                                                                       \
    T __tsan_atomic##bits##_compare_exchange_val(volatile T* memory, T expected, T value, int, int) {       \
        __atomic_compare_exchange_n(memory, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);   \
        return expected;                                                                                    \
    }

extern "C" {

void __tsan_init() { cuda_emulator::race::program_is_instrumented = true; }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_read_range(void* memory, std::size_t bytes) {
    tell_range(memory, bytes, false, __builtin_return_address(0));
}
void __tsan_write_range(void* memory, std::size_t bytes) {
    tell_range(memory, bytes, true, __builtin_return_address(0));
}
void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
    tell_range(from, bytes, false, __builtin_return_address(0));
    tell_range(to, bytes, true, __builtin_return_address(0));
    return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
    tell_range(from, bytes, false, __builtin_return_address(0));
    tell_range(to, bytes, true, __builtin_return_address(0));
    return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* memory, int value, std::size_t bytes) {
    tell_range(memory, bytes, true, __builtin_return_address(0));
    return std::memset(memory, value, bytes);
}

ATOMICS(8, unsigned char)
ATOMICS(16, unsigned short)
ATOMICS(32, unsigned)
ATOMICS(64, unsigned long)
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}
}
