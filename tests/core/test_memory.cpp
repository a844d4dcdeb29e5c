#include "support/catch.hpp"
#include <gantry/core/arena.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/core/host_memory.hpp>
#include <gantry/cpu/device.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace gantry::test {
namespace {

/// Host memory that counts allocations and can fail.
struct CountingMemory : core::HostMemory {
    int allocations = 0, pieces = 0;
    bool full = false;

    void* allocate(std::size_t bytes) {
        if (full) throw std::bad_alloc();
        ++allocations;
        ++pieces;
        return core::HostMemory::allocate(bytes);
    }
    void release(void* memory, std::size_t bytes) {
        --pieces;
        core::HostMemory::release(memory, bytes);
    }
};

std::size_t remainder(const void* memory, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(memory) % alignment;
}

}  // namespace

TEST_CASE("a buffer larger than any memory is an error, not a small one", "[core]") {
    Cpu device;
    CHECK_THROWS_WITH(
        (core::Buffer<float, Cpu>(device, std::size_t{1} << 62)),
        "[memory] the size must be less than 2^63 bytes; got 4611686018427387904 elements of 4 bytes");
}

TEST_CASE("an arena has its final size after the first step", "[core]") {
    CountingMemory memory;
    {
        core::Arena<CountingMemory> arena(memory);
        arena.poison(false);
        const auto step = [&] {
            for (std::size_t bytes : {100u, 300'000u, 1u, 2'000'000u, 64u}) {
                void* piece = arena.allocate(bytes);
                CHECK(remainder(piece, 64) == 0);
                std::memset(piece, 1, bytes);
            }
            arena.reset();
        };
        step();
        CHECK(memory.pieces == 1);  // merged
        const int after_first = memory.allocations;
        for (int i = 0; i < 3; ++i) step();
        CHECK(memory.allocations == after_first);
        CHECK(arena.used() == 0);
        const std::size_t peak = 128 + 300'032 + 64 + 2'000'000 + 64;
        CHECK(arena.peak() == peak);
        arena.allocate(100);  // a smaller step
        arena.reset();
        CHECK(arena.peak() == peak);
    }
    CHECK(memory.pieces == 0);
}

TEST_CASE("an arena survives an allocation that fails", "[core]") {
    CountingMemory memory;
    core::Arena<CountingMemory> arena(memory);
    arena.allocate(100);
    memory.full = true;
    CHECK_THROWS_AS(arena.allocate(10'000'000), std::bad_alloc);
    memory.full = false;
    std::memset(arena.allocate(10'000'000), 1, 10'000'000);
    arena.reset();
    CHECK(memory.pieces == 1);
}

TEST_CASE("an arena that cannot merge its pieces continues with new ones", "[core]") {
    CountingMemory memory;
    core::Arena<CountingMemory> arena(memory);
    arena.allocate(100);
    arena.allocate(10'000'000);
    memory.full = true;
    arena.reset();
    CHECK(memory.pieces == 0);
    CHECK_THROWS_AS(arena.allocate(100), std::bad_alloc);
    memory.full = false;
    std::memset(arena.allocate(100), 1, 100);
    std::memset(arena.allocate(10'000'000), 1, 10'000'000);
    arena.reset();
    CHECK(memory.pieces == 1);
}

TEST_CASE("pieces of an arena do not overlap", "[core]") {
    CountingMemory memory;
    core::Arena<CountingMemory> arena(memory);
    for (int step = 0; step < 2; ++step) {
        std::vector<std::uint8_t*> pieces;
        for (std::uint8_t i = 0; i < 50; ++i) {
            pieces.push_back(static_cast<std::uint8_t*>(arena.allocate(5000)));
            std::memset(pieces.back(), i, 5000);
        }
        for (std::uint8_t i = 0; i < 50; ++i) {
            CHECK(pieces[i][0] == i);
            CHECK(pieces[i][4999] == i);
        }
        arena.reset();
    }
}

TEST_CASE("a poisoned arena allocates NaN, and poisons memory at the end of a step", "[core]") {
    core::HostMemory memory;
    core::Arena<core::HostMemory> arena(memory);
    arena.poison(true);
    auto* numbers = static_cast<float*>(arena.allocate(4 * sizeof(float)));
    for (int i = 0; i < 4; ++i) CHECK(std::isnan(numbers[i]));
    numbers[0] = 1;
    arena.reset();
    CHECK(std::isnan(numbers[0]));
}

TEST_CASE("host memory is aligned, large blocks to huge pages", "[core]") {
    core::HostMemory memory;
    for (std::size_t bytes :
         {std::size_t{1}, std::size_t{1000}, core::HostMemory::huge_page, std::size_t{3} << 20}) {
        void* block = memory.allocate(bytes);
        CHECK(remainder(block, bytes >= core::HostMemory::huge_page ? core::HostMemory::huge_page : 64) == 0);
        memory.fill(block, std::byte{7}, bytes);
        CHECK(static_cast<std::uint8_t*>(block)[bytes - 1] == 7);
        memory.release(block, bytes);
    }
}

TEST_CASE("a buffer is zero at first and copies both ways", "[core]") {
    Cpu device;
    core::Buffer<float, Cpu> buffer(device, 5);
    CHECK(buffer.to_host() == std::vector<float>(5, 0));
    const std::vector<float> numbers{1, 2, 3, 4, 5};
    buffer.from_host(numbers);
    CHECK(buffer.to_host() == numbers);
    core::Buffer<float, Cpu> empty(device, 0);
    CHECK(empty.data() == nullptr);
    CHECK(empty.to_host().empty());
}

}  // namespace gantry::test
