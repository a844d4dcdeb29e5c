#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace cuda_emulator {

/// The GPUs' memory: a separate address range that all of them share, like CUDA's unified addresses. The host
/// cannot read or write it while no kernel runs, as on a machine with a GPU.
class DeviceMemory {
public:
    static constexpr std::size_t capacity = std::size_t{4} << 30;  ///< the maximum size

    DeviceMemory();
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;
    ~DeviceMemory();

    /// Total bytes.
    std::size_t size() const { return size_; }
    void set_size(std::size_t bytes) { size_ = std::min(bytes, capacity); }
    /// Free bytes as seen by one GPU: others may have taken the same memory.
    std::size_t free_bytes(int gpu) const { return size_ - std::min(live_bytes(gpu), size_); }

    /// Returns null if the memory is full. New memory is filled with NaN, at least in its first MiB.
    void* allocate(std::size_t bytes, int gpu);
    /// Returns false if it is not the start of a live allocation.
    bool release(void* memory);
    void release_all();
    std::size_t live_bytes() const { return live_bytes_; }
    std::size_t live_bytes(int gpu) const;
    std::size_t live_allocations() const { return allocations_.size(); }

    /// True if the address is in the GPUs' range, live or not.
    bool owns(const void* address) const {
        return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(begin_) <
               capacity;
    }
    /// The GPU whose live allocation contains the address.
    std::optional<int> gpu_of(const void* address) const;
    bool is_of_another_gpu(const void* address, int gpu) const {
        return gpu_of(address).value_or(gpu) != gpu;
    }
    /// True if the range is inside one live allocation.
    bool holds(const void* memory, std::size_t bytes) const;

    /// If something was written past the end of an allocation, describes and repairs it; else returns an
    /// empty text.
    std::string overrun();
    /// Describes an address: "byte 412 of an allocation of 400 bytes", "freed memory", "memory of the host".
    std::string describe(const void* address) const;

    /// Marks all memory as written, after a kernel that does not report its writes to the race checker.
    void assume_written() const;

    /// Makes the memory accessible, while kernels run.
    void open();
    void close();

private:
    char* begin_ = nullptr;
    struct Allocation {
        std::size_t bytes;  ///< as requested
        int gpu;
    };
    std::map<char*, Allocation>::const_iterator find(const void* address) const;

    std::map<char*, Allocation> allocations_;  ///< by address
    std::map<char*, std::size_t> free_;        ///< bytes by address; adjacent ranges are merged
    char* next_ = nullptr;  ///< where the search for free memory continues: freed memory is reused late
    std::size_t size_ = capacity, live_bytes_ = 0;
    bool is_open_ = false;
};

}  // namespace cuda_emulator
