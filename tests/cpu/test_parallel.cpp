#include <gantry/cpu/gemm/matmul.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <support/catch.hpp>
#include <support/run_in_child.hpp>
#include <unistd.h>

using gantry::Cpu;
using gantry::contracts::MatmulParameters;
using gantry::cpu::parallel;
using gantry::test::run_in_child;

namespace {

/// Number of runs of each part.
std::vector<int> count_runs(int parts) {
    std::vector<std::atomic<int>> runs(static_cast<std::size_t>(parts));
    parallel(parts, [&](int part, int all) { runs.at(static_cast<std::size_t>(part)) += all == parts; });
    return {runs.begin(), runs.end()};
}

/// Repeats until a part runs on another thread, and calls `f` on that thread.
template <class F>
void call_on_worker(const F& f) {
    const std::thread::id caller = std::this_thread::get_id();
    bool called = false;
    while (!called)
        parallel(2, [&](int part, int) {
            if (part == 0) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            } else if (std::this_thread::get_id() != caller) {
                f();
                called = true;
            }
        });
}

/// A product that is large enough for several threads.
std::vector<float> product(int threads) {
    std::vector<float> a(150 * 160), b(160 * 170), c(150 * 170);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 17) / 7;
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 23) / 11;
    MatmulParameters<float> p;
    p.rows = 150;
    p.columns = 170;
    p.inner = 160;
    p.a = a.data();
    p.b = b.data();
    p.c = c.data();
    Cpu device{{.threads = threads}};
    launch(device, p);
    return c;
}

std::ptrdiff_t threads_of_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
}

}  // namespace

TEST_CASE("a part reuses its scratch memory, whichever thread runs it", "[threads]") {
    using gantry::cpu::scratch;
    float* const own = scratch<float>(100);
    std::array<float*, 3> first{};
    for (int round = 0; round < 200; ++round) {
        std::array<float*, 3> memory{};
        parallel(3, [&](int part, int) {
            memory[static_cast<std::size_t>(part)] = scratch<float>(100);
            if (part == 0 && round % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
        });
        if (round == 0) first = memory;
        CHECK(memory == first);
    }
    CHECK(first[0] != first[1]);
    CHECK(first[1] != first[2]);
    CHECK(first[0] != own);
    CHECK(scratch<float>(100) == own);
}

TEST_CASE("each part of a region runs once, whatever the number of threads", "[threads]") {
    for (const int parts : {1, 2, 3, 9, 2, 40}) {
        CAPTURE(parts);
        CHECK(count_runs(parts) == std::vector<int>(static_cast<std::size_t>(parts), 1));
    }
}

TEST_CASE("invalid numbers of threads") {
    CHECK_THROWS_WITH(Cpu({.threads = -1}), "[Cpu] the number of threads must not be negative; got -1");
    CHECK(Cpu({.threads = 3}).threads() == 3);
    CHECK(Cpu().threads() >= 1);
}

TEST_CASE("regions can be nested", "[threads]") {
    std::atomic<int> runs = 0;
    parallel(4, [&](int, int) { parallel(3, [&](int, int) { ++runs; }); });
    CHECK(runs == 12);
}

TEST_CASE("an exception in any part reaches the caller, and later regions work", "[threads]") {
    for (const int thrower : {0, 1, 4, -1}) {
        CAPTURE(thrower);
        std::atomic<int> runs = 0;
        CHECK_THROWS_WITH(parallel(5,
                                   [&](int part, int) {
                                       ++runs;
                                       if (part == thrower || thrower < 0) throw std::runtime_error("a part");
                                   }),
                          "a part");
        CHECK(runs == 5);
        CHECK(count_runs(5) == std::vector<int>(5, 1));
    }
}

TEST_CASE("the program's threads share the workers", "[threads]") {
    const std::vector<float> expected = product(1);
    product(4);
    const auto before = threads_of_process();
    std::atomic<int> wrong = 0;
    std::atomic<std::ptrdiff_t> most = 0;
    {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 50; ++n) wrong += product(4) != expected;
                most = threads_of_process();
            });
        for (std::thread& thread : threads) thread.join();
    }
    CHECK(wrong == 0);
    CHECK(most <= before + 4);
}

TEST_CASE("workers leave signals to the program's threads, except faults", "[threads]") {
    sigset_t blocked;
    call_on_worker([&] { pthread_sigmask(SIG_SETMASK, nullptr, &blocked); });
    for (const int signal : {SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1})
        CHECK(sigismember(&blocked, signal));
    for (const int fault : {SIGSEGV, SIGFPE, SIGBUS, SIGPROF}) CHECK(!sigismember(&blocked, fault));
}

// ThreadSanitizer does not allow a forked child to start threads, so these have no tag.
TEST_CASE("a forked child of a process with workers starts its own") {
    const std::vector<float> expected = product(4);
    CHECK(run_in_child([&] {
              bool worked = false;
              call_on_worker([&] { worked = true; });
              return worked && product(4) == expected;
          }) == "exit 0");
    CHECK(product(4) == expected);
}

TEST_CASE("a child forked while other threads compute works") {
    const std::vector<float> expected = product(3);
    std::atomic<bool> done = false;
    std::thread other([&] {
        while (!done) product(3);
    });
    for (int i = 0; i < 20; ++i) CHECK(run_in_child([&] { return product(3) == expected; }) == "exit 0");
    done = true;
    other.join();
}

TEST_CASE("if no thread can be started, the caller computes alone, silently") {
    const std::vector<float> expected = product(1);
    CHECK(run_in_child([&] {
              gantry::test::allow_no_threads();
              return product(8) == expected && product(8) == expected && threads_of_process() == 1;
          }) == "exit 0");
}

TEST_CASE("a process can end from any thread while workers sleep") {
    const std::vector<float> expected = product(4);
    CHECK(run_in_child([&] {
              call_on_worker([] {});
              std::exit(0);
              return false;
          }) == "exit 0");
    CHECK(run_in_child([&] {
              std::thread([] { std::exit(0); }).detach();
              for (;;) product(4);
              return false;
          }) == "exit 0");
}
