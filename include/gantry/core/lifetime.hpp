#pragma once
#include <gantry/core/compiler.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

namespace gantry::core {

/// A member of an object that lets non-owning handles detect the end of the object. A `Watch` may be queried
/// at any time, also after the object was destroyed.
class Lifetime {
    struct Clock {
        std::atomic<std::uint64_t> time{0};  ///< incremented when an object with this clock is destroyed
        Clock* next = nullptr;
    };

public:
    /// A handle's view of a lifetime; trivially copyable. Two watches are equal if they watch the same
    /// object. A default-constructed Watch is never over.
    class Watch {
    public:
        Watch() = default;
        /// True once the watched object was destroyed.
        bool over() const { return clock_ && clock_->time.load(std::memory_order_relaxed) != time_; }
        bool operator==(const Watch&) const = default;

    private:
        friend class Lifetime;
        const Clock* clock_ = nullptr;
        std::uint64_t time_ = 0;
    };

    Lifetime() : clock_(take()) {}
    Lifetime(const Lifetime&) = delete;
    Lifetime& operator=(const Lifetime&) = delete;
    ~Lifetime() {
        clock_->time.fetch_add(1, std::memory_order_relaxed);
        const std::lock_guard lock(pool().mutex);
        clock_->next = std::exchange(pool().free, clock_);
    }

    /// Ends the lifetime for all watches taken so far, and starts another: the object was moved from.
    void restart() { clock_->time.fetch_add(1, std::memory_order_relaxed); }

    /// A watch on this object.
    Watch watch() const {
        Watch watch;
        watch.clock_ = clock_;
        watch.time_ = clock_->time.load(std::memory_order_relaxed);
        return watch;
    }

private:
    /// Free list of clocks. Clocks are reused but never freed, so that a Watch can always read its clock.
    struct Pool {
        std::mutex mutex;
        Clock* free = nullptr;
    };
    static Pool& pool() {
        static Pool* const pool = new Pool;  // never destroyed: static objects have lifetimes too
        return *pool;
    }
    static Clock* take() {
        {
            const std::lock_guard lock(pool().mutex);
            if (Clock* const clock = pool().free) {
                pool().free = clock->next;
                return clock;
            }
        }
        return new Clock;
    }

    Clock* clock_;
};

}  // namespace gantry::core
