#include "device_memory.hpp"

#include "guarded_memory.hpp"
#include "pages.hpp"
#include "race.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <new>

#include <sys/mman.h>

namespace cuda_emulator {
namespace {
constexpr std::size_t alignment = 256;  // that of cudaMalloc
constexpr std::size_t margin = 256;     // minimum margin after each allocation
constexpr unsigned char untouched = 0xA5;
constexpr std::size_t filled = std::size_t{1} << 20;

/// Bytes that an allocation occupies, including its margin.
std::size_t extent(std::size_t bytes) { return (bytes + margin + alignment - 1) / alignment * alignment; }
}  // namespace

DeviceMemory::DeviceMemory() {
    begin_ = next_ = static_cast<char*>(reserve_pages(capacity));
    mprotect(begin_, capacity, PROT_NONE);
    free_[begin_] = capacity;
    race::watch(begin_, capacity);
}

DeviceMemory::~DeviceMemory() { munmap(begin_, capacity); }

void* DeviceMemory::allocate(std::size_t bytes, int gpu) {
    if (bytes > capacity - alignment - margin || bytes > free_bytes(gpu)) return nullptr;
    const std::size_t needed = extent(bytes);
    const auto fits = [&](const auto& piece) { return piece.second >= needed; };
    auto piece = std::find_if(free_.lower_bound(next_), free_.end(), fits);
    if (piece == free_.end()) piece = std::find_if(free_.begin(), free_.end(), fits);
    if (piece == free_.end()) return nullptr;
    char* const memory = piece->first;
    const std::size_t rest = piece->second - needed;
    free_.erase(piece);
    next_ = memory + needed;
    if (rest > 0) free_[next_] = rest;

    const bool was_open = is_open_;
    open();
    ASAN_UNPOISON_MEMORY_REGION(memory, needed);
    std::memset(memory, 0xFF, std::min(bytes, filled));
    std::memset(memory + bytes, untouched, needed - bytes);
    ASAN_POISON_MEMORY_REGION(memory + bytes, needed - bytes);
    if (!was_open) close();
    race::allocated(memory, bytes);
    allocations_[memory] = {bytes, gpu};
    live_bytes_ += bytes;
    return memory;
}

bool DeviceMemory::release(void* memory) {
    const auto found = allocations_.find(static_cast<char*>(memory));
    if (found == allocations_.end()) return false;
    char* begin = found->first;
    std::size_t bytes = extent(found->second.bytes);
    live_bytes_ -= found->second.bytes;
    race::freed(begin, found->second.bytes);
    allocations_.erase(found);
    give_back_pages(begin, bytes);
    ASAN_POISON_MEMORY_REGION(begin, bytes);

    const auto after = free_.lower_bound(begin);
    if (after != free_.end() && after->first == begin + bytes) {
        bytes += after->second;
        free_.erase(after);
    }
    const auto next = free_.lower_bound(begin);
    if (next != free_.begin()) {
        const auto before = std::prev(next);
        if (before->first + before->second == begin) {
            before->second += bytes;
            return true;
        }
    }
    free_[begin] = bytes;
    return true;
}

void DeviceMemory::release_all() {
    while (!allocations_.empty()) release(allocations_.begin()->first);
}

std::size_t DeviceMemory::live_bytes(int gpu) const {
    std::size_t sum = 0;
    for (const auto& [memory, allocation] : allocations_) sum += allocation.gpu == gpu ? allocation.bytes : 0;
    return sum;
}

/// The allocation that begins at the address, or the last one before it.
auto DeviceMemory::find(const void* address) const -> std::map<char*, Allocation>::const_iterator {
    const auto after = allocations_.upper_bound(static_cast<char*>(const_cast<void*>(address)));
    return after == allocations_.begin() ? allocations_.end() : std::prev(after);
}

std::optional<int> DeviceMemory::gpu_of(const void* address) const {
    if (!holds(address, 0)) return {};
    return find(address)->second.gpu;
}

bool DeviceMemory::holds(const void* memory, std::size_t bytes) const {
    const auto found = find(memory);
    if (found == allocations_.end()) return false;
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(memory) - found->first);
    return offset <= found->second.bytes && bytes <= found->second.bytes - offset;
}

std::string DeviceMemory::overrun() {
    std::string text;
    if (address_sanitizer) return text;  // detects it earlier
    static const auto pattern = [] {
        std::array<unsigned char, margin + alignment> bytes;
        bytes.fill(untouched);
        return bytes;
    }();
    const bool was_open = is_open_;
    open();
    for (const auto& [memory, allocation] : allocations_) {
        char* const behind = memory + allocation.bytes;
        const std::size_t size = extent(allocation.bytes) - allocation.bytes;
        if (std::memcmp(behind, pattern.data(), size) == 0) continue;
        text = "something was written to " +
               describe(
                   std::mismatch(behind, behind + size, reinterpret_cast<const char*>(pattern.data())).first);
        std::memset(behind, untouched, size);
    }
    if (!was_open) close();
    return text;
}

std::string DeviceMemory::describe(const void* address) const {
    if (!owns(address)) return address == nullptr ? "a null pointer" : "memory of the host";
    const auto found = find(address);
    if (found == allocations_.end()) return "memory that is not allocated";
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(address) - found->first);
    if (offset >= extent(found->second.bytes)) return "memory that is not allocated, or was freed";
    return "byte " + std::to_string(offset) + " of an allocation of " + std::to_string(found->second.bytes) +
           " bytes" + (found->second.gpu > 0 ? " of GPU " + std::to_string(found->second.gpu) : "");
}

void DeviceMemory::assume_written() const {
    for (const auto& [memory, allocation] : allocations_) race::written(memory, allocation.bytes);
}

void DeviceMemory::open() {
    if (!is_open_) mprotect(begin_, capacity, PROT_READ | PROT_WRITE);
    is_open_ = true;
}

void DeviceMemory::close() {
    if (is_open_) mprotect(begin_, capacity, PROT_NONE);
    is_open_ = false;
}

}  // namespace cuda_emulator
