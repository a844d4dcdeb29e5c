#include "support/catch.hpp"
#include <gantry/data/prefetcher.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <thread>

#include <support/run_in_child.hpp>

using gantry::io::Prefetcher;

namespace {

/// Slots that store the index of their batch.
struct Numbers {
    explicit Numbers(std::uint64_t position = 0)
        : prefetcher(4, [this](std::size_t slot, std::uint64_t number) { slots[slot] = number; }, position) {}
    std::uint64_t next() { return slots[prefetcher.next()]; }

    std::array<std::uint64_t, 4> slots{};
    Prefetcher prefetcher;
};

}  // namespace

TEST_CASE("a prefetcher serves batches in order, with up to one held per slot", "[threads]") {
    Numbers numbers(10);
    CHECK(numbers.prefetcher.position() == 10);
    for (std::uint64_t i = 0; i < 200; ++i) {
        CHECK(numbers.next() == 10 + i);
        if (i % 4 == 3 || i % 7 == 0) numbers.prefetcher.release();
    }
    CHECK(numbers.prefetcher.position() == 210);
}

TEST_CASE("a held slot is never written to", "[threads]") {
    Numbers numbers;
    for (std::uint64_t round = 0; round < 100; ++round) {
        numbers.prefetcher.seek(round * 10);
        std::array<std::size_t, 3> held{};
        for (std::size_t i = 0; i < 3; ++i) {
            held[i] = numbers.prefetcher.next();
            if (i == 1) numbers.prefetcher.seek(round * 10 + 7);
        }
        std::this_thread::sleep_for(std::chrono::microseconds(20));
        CHECK(numbers.slots[held[0]] == round * 10);
        CHECK(numbers.slots[held[1]] == round * 10 + 1);
        CHECK(numbers.slots[held[2]] == round * 10 + 7);
        CHECK(numbers.prefetcher.position() == round * 10 + 8);
        numbers.prefetcher.release();
    }
}

TEST_CASE("a prefetcher can be stopped by an error from either side", "[threads]") {
    Numbers numbers;
    numbers.next();
    numbers.prefetcher.stop(std::make_exception_ptr(std::runtime_error("enough")));
    CHECK_THROWS_WITH(numbers.next(), "enough");
    CHECK_THROWS_WITH(numbers.next(), "enough");

    Prefetcher fails(2, [](std::size_t, std::uint64_t number) {
        if (number == 3) throw std::runtime_error("no batch 3");
    });
    const auto read = [&] {
        for (int i = 0; i < 4; ++i) {
            fails.next();
            fails.release();
        }
    };
    CHECK_THROWS_WITH(read(), "no batch 3");
}

// ThreadSanitizer does not allow a forked child to start threads.
TEST_CASE("a prefetcher that cannot start a thread is a one-line error") {
    const std::string text = gantry::test::run_in_child([] {
        gantry::test::allow_no_threads();
        try {
            Numbers numbers;
        } catch (const gantry::Error& error) {
            std::puts(error.what());
            std::fflush(stdout);
        }
        return true;
    });
    CHECK(
        text ==
        "[Prefetcher] the system cannot start the thread that prepares batches: end other programs, or raise "
        "the limits on processes and memory (ulimit -u, -v); got Resource temporarily unavailable\nexit 0");
}
