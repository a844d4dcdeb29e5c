#pragma once
#include <gantry/core/compiler.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

namespace gantry {

/// How long an object exists, for handles that point to the object and do not own it: a member of the
/// object. A `Watch` may be asked at any time, also after the end of the object.
class Lifetime {
    struct Clock {
        std::atomic<std::uint64_t> time{0};  ///< counts the objects that have used this clock
        Clock* next = nullptr;
    };

public:
    /// A handle's view of a lifetime; trivially copyable. Two are equal if they watch the same object. A
    /// default-constructed one watches what never ends.
    class Watch {
    public:
        Watch() = default;
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

    Watch watch() const {
        Watch watch;
        watch.clock_ = clock_;
        watch.time_ = clock_->time.load(std::memory_order_relaxed);
        return watch;
    }

private:
    /// Clocks are used again and never freed, so that a watch can always read its own.
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

}  // namespace gantry
