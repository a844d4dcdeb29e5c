#pragma once
#include <gantry/core/signals_blocked.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/threads/float_environment.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>
#if defined(__PIC__) && !defined(__PIE__)  // for a shared library
#include <dlfcn.h>
#endif

// Thread pool behind parallel(). It belongs to the process, not to a device: however many devices and threads
// of the program compute at once, there are only as many workers as the largest request.
//
// No thread waits for a worker that is not scheduled: when the caller has finished its own part, it takes
// over the parts that workers have not begun. Waiting threads spin briefly, then sleep.
namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// A parallel region: f(part, parts) for each part, and the state that its threads share.
class Region {
public:
    template <class F>
    Region(int parts, const F& f)
        : parts_(parts),
          f_(&f),
          call_([](const void* g, int part, int count) { (*static_cast<const F*>(g))(part, count); }),
          scratch_(*ScratchMemory::current()) {
        scratch_.prepare(parts);
    }

    int parts() const { return parts_; }
    void run(int part) noexcept {
        const FloatEnvironment environment(environment_);
        ScratchMemory* const before = std::exchange(ScratchMemory::current(), &scratch_.part(part));
        try {
            call_(f_, part, parts_);
        } catch (...) {
            if (!failed_.test_and_set()) error_ = std::current_exception();
        }
        ScratchMemory::current() = before;
    }
    /// Throws the first exception of any part. Call it after all parts have run.
    void rethrow() {
        if (error_) std::rethrow_exception(error_);
    }

private:
    FloatEnvironment environment_;
    int parts_;
    const void* f_;
    void (*call_)(const void* f, int part, int parts);
    ScratchMemory& scratch_;
    std::atomic_flag failed_;
    std::exception_ptr error_;
};

/// A thread that runs one part of a region at a time. A caller takes it first, and gives it back afterwards.
class Worker {
public:
    explicit Worker(Worker* next) : next_(next) {
        std::thread([this] { work(); }).detach();
    }

    Worker* next() const { return next_; }

    bool take() {
        return !taken_.load(std::memory_order_relaxed) && !taken_.exchange(true, std::memory_order_acquire);
    }
    void give_back() { taken_.store(false, std::memory_order_release); }

    void start(Region& region, int part) {
        region_ = &region;
        part_ = part;
        state_.store(posted, std::memory_order_release);
        state_.notify_one();
    }
    /// Runs the part on the calling thread if the worker has not begun it; otherwise waits for the worker to
    /// finish it.
    void finish() {
        int state = posted;
        if (state_.compare_exchange_strong(state, idle, std::memory_order_acquire))
            region_->run(part_);
        else
            wait_while(running);
    }

    Worker* other_helper = nullptr;  ///< next worker that was taken for the same region

private:
    enum State : int { idle, posted, running };

    [[noreturn]] void work() {
        for (;;) {
            wait_while(idle);
            int state = posted;
            if (!state_.compare_exchange_strong(state, running, std::memory_order_acquire)) continue;
            region_->run(part_);
            state_.store(idle, std::memory_order_release);
            state_.notify_one();
        }
    }
    void wait_while(State state) const {
        // As long as the gaps between the regions of a step: falling asleep and being woken takes longer.
        constexpr std::chrono::microseconds patience{100};
        const auto end = std::chrono::steady_clock::now() + patience;
        do {
            for (int i = 0; i < 16; ++i) {
                if (state_.load(std::memory_order_acquire) != state) return;
                pause();
            }
        } while (std::chrono::steady_clock::now() < end);
        state_.wait(state, std::memory_order_acquire);
    }
    static void pause() {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }

    Worker* const next_;
    std::atomic<bool> taken_ = false;
    std::atomic<int> state_ = idle;
    Region* region_ = nullptr;  // region_ and part_ are written while idle
    int part_ = 0;
};

/// Keeps this code loaded until the process exits, although the program may dlclose() the shared library that
/// contains it: workers sleep in it.
inline void stay_loaded() {
#if defined(__PIC__) && !defined(__PIE__)
    Dl_info library;
    if (::dladdr(reinterpret_cast<const void*>(&stay_loaded), &library) != 0)
        ::dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

/// All workers of the process. They sleep until it exits, and exit does not wait for them. A forked child has
/// none of its parent's threads and starts its own.
class Workers {
public:
    static Workers& of_process() {
        static Workers& workers = *new Workers;
        return workers;
    }

    void run(Region& region) {
        grow(region.parts() - 1);
        Worker* helpers = nullptr;
        int parts = 1;  // parts handed out
        for (Worker* w = first_.load(std::memory_order_acquire); w && parts < region.parts(); w = w->next()) {
            if (!w->take()) continue;
            w->start(region, parts++);
            w->other_helper = helpers;
            helpers = w;
        }
        region.run(0);
        while (parts < region.parts()) region.run(parts++);
        for (Worker* w = helpers; w; w = w->other_helper) w->finish();
        while (helpers) std::exchange(helpers, helpers->other_helper)->give_back();
        region.rethrow();
    }

private:
    Workers() {
        stay_loaded();
        pthread_atfork([] { of_process().growth_.lock(); }, [] { of_process().growth_.unlock(); },
                       [] { of_process().start_anew(); });
    }

    /// Starts workers until there are `count`, or until the system refuses to start another.
    void grow(int count) {
        if (std::min(count, most_.load(std::memory_order_relaxed)) <= count_.load(std::memory_order_relaxed))
            return;
        const std::lock_guard lock(growth_);
        const gantry::core::AsynchronousSignalsBlocked blocked;  // workers inherit the mask
        try {
            while (count_ < std::min<int>(count, most_)) {
                first_.store(new Worker(first_), std::memory_order_release);
                ++count_;
            }
        } catch (const std::exception&) {
            most_.store(count_);
        }
    }
    void start_anew() {
        for (Worker* w = first_; w; w = w->next()) w->take();
        count_ = 0;
        growth_.unlock();
    }

    std::mutex growth_;
    std::atomic<int> count_ = 0, most_ = std::numeric_limits<int>::max();
    std::atomic<Worker*> first_ = nullptr;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail
