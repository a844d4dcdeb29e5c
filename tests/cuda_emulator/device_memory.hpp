#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace cuda_emulator {

/// The GPUs' memory: a separate range of addresses, which all of them share, as CUDA's unified addresses
/// do. While no kernel runs, the host cannot read or write it, as it could not on a machine with a GPU.
class DeviceMemory {
public:
    static constexpr std::size_t capacity = std::size_t{4} << 30;  ///< the largest size

    DeviceMemory();
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;
    ~DeviceMemory();

    /// How much of it there is.
    std::size_t size() const { return size_; }
    void set_size(std::size_t bytes) { size_ = std::min(bytes, capacity); }
    /// Of a GPU, as far as it knows: others may have taken the same memory.
    std::size_t free_bytes(int gpu) const { return size_ - std::min(live_bytes(gpu), size_); }

    /// Null where the memory is full. New memory is full of NaN, its first MiB at least.
    void* allocate(std::size_t bytes, int gpu);
    /// False where it is not the begin of a live allocation.
    bool release(void* memory);
    void release_all();
    std::size_t live_bytes() const { return live_bytes_; }
    std::size_t live_bytes(int gpu) const;
    std::size_t live_allocations() const { return allocations_.size(); }

    /// Whether the address is the GPU's, live or not.
    bool owns(const void* address) const {
        return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(begin_) <
               capacity;
    }
    /// The GPU whose live allocation holds the address.
    std::optional<int> gpu_of(const void* address) const;
    bool is_of_another_gpu(const void* address, int gpu) const {
        return gpu_of(address).value_or(gpu) != gpu;
    }
    /// Whether all of it lies within one live allocation.
    bool holds(const void* memory, std::size_t bytes) const;

    /// Something was written behind an allocation: says which, and repairs it. Else an empty text.
    std::string overrun();
    /// "byte 412 of an allocation of 400 bytes", "freed memory", "memory of the host": what is at an address.
    std::string describe(const void* address) const;

    /// A kernel ran that does not tell the race checker what it writes: it may have written anything.
    void assume_written() const;

    /// Kernels run: everything may be read and written.
    void open();
    void close();

private:
    char* begin_ = nullptr;
    struct Allocation {
        std::size_t bytes;  ///< asked for
        int gpu;
    };
    std::map<char*, Allocation>::const_iterator find(const void* address) const;

    std::map<char*, Allocation> allocations_;  ///< by address
    std::map<char*, std::size_t> free_;        ///< bytes, by address; neighbours are one
    char* next_ = nullptr;  ///< where the search for free memory goes on: what was freed rests for long
    std::size_t size_ = capacity, live_bytes_ = 0;
    bool is_open_ = false;
};

}  // namespace cuda_emulator
