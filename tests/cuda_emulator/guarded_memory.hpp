#pragma once
#include "sanitizers.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <new>

#ifdef CUDA_EMULATOR_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, bytes) (static_cast<void>(memory), static_cast<void>(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(memory, bytes) (static_cast<void>(memory), static_cast<void>(bytes))
#endif

namespace cuda_emulator {

/// A block's dynamic shared memory, of exactly the requested size, so that writes past its end are detected.
class GuardedMemory {
public:
    explicit GuardedMemory(std::size_t bytes)
        : data_(static_cast<char*>(::operator new(bytes + margin, std::align_val_t{16}))), bytes_(bytes) {
        std::memset(data_ + bytes_, untouched, margin);
        ASAN_POISON_MEMORY_REGION(data_ + bytes_, margin);
    }
    GuardedMemory(const GuardedMemory&) = delete;
    GuardedMemory& operator=(const GuardedMemory&) = delete;
    ~GuardedMemory() {
        ASAN_UNPOISON_MEMORY_REGION(data_ + bytes_, margin);
        ::operator delete(data_, std::align_val_t{16});
    }

    void* data() const { return data_; }
    /// Fills it with NaN before each block.
    void fill() const { std::memset(data_, 0xFF, bytes_); }
    bool overrun() const {
        static constexpr auto pattern = [] {
            std::array<char, margin> bytes{};
            bytes.fill(untouched);
            return bytes;
        }();
        return !address_sanitizer && std::memcmp(data_ + bytes_, pattern.data(), margin) != 0;
    }

private:
    static constexpr std::size_t margin = 64;
    static constexpr char untouched = 0x5A;
    char* data_;
    std::size_t bytes_;
};

}  // namespace cuda_emulator
