#pragma once
#include <gantry/core/error.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

namespace gantry::io {

/// Prepares numbered batches ahead of time on a background thread, in a ring of slots: one batch for each
/// slot that the caller does not hold. The caller owns the slots' contents. Allocates nothing after
/// construction.
class Prefetcher {
public:
    /// `prepare(slot, number)` writes batch `number` into a slot, 0 <= slot < `slot_count`, on the background
    /// thread. Errors: the system cannot start a thread.
    Prefetcher(std::size_t slot_count, std::function<void(std::size_t, std::uint64_t)> prepare,
               std::uint64_t position = 0)
        : slots_(slot_count), prepare_(std::move(prepare)), position_(position) {
        try {
            worker_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
        } catch (const std::system_error& error) {
            fail("Prefetcher",
                 "the system cannot start the thread that prepares batches: end other programs, or raise the "
                 "limits on processes and memory (ulimit -u, -v)",
                 error.code().message());
        }
    }

    /// Takes the next batch and returns its slot, which the caller holds until `release`; waits until it is
    /// ready. The caller must not hold all slots. Rethrows an exception of the background thread.
    std::size_t next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return prepared_ > taken_ || error_; });
        if (error_) std::rethrow_exception(error_);
        ++position_;
        changed_.notify_all();
        return taken_++ % slots_;
    }
    /// Releases all slots that the caller holds.
    void release() {
        const std::lock_guard lock(mutex_);
        released_ = taken_;
        changed_.notify_all();
    }

    /// Number of the next batch that `next` takes.
    std::uint64_t position() const { return position_; }
    /// Continues with batch `position`. The caller still holds its slots.
    void seek(std::uint64_t position) {
        const std::lock_guard lock(mutex_);
        position_ = position;
        prepared_ = taken_;
        ++seeks_;
        changed_.notify_all();
    }

    /// Stops the background thread after its current batch; from now on `next` throws the error.
    void stop(std::exception_ptr error) {
        const std::lock_guard lock(mutex_);
        error_ = std::move(error);
        changed_.notify_all();
    }

private:
    void work(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (changed_.wait(lock, stop, [&] { return prepared_ < released_ + slots_ || error_; })) {
            if (error_) return;
            const std::uint64_t seeks = seeks_;
            const std::size_t slot = prepared_ % slots_;
            const std::uint64_t number = position_ + (prepared_ - taken_);
            lock.unlock();
            std::exception_ptr error;
            try {
                prepare_(slot, number);
            } catch (...) {
                error = std::current_exception();
            }
            lock.lock();
            if (seeks == seeks_) ++prepared_;  // otherwise a seek made this batch obsolete
            if (error) error_ = error;
            changed_.notify_all();
        }
    }

    std::size_t slots_;
    std::function<void(std::size_t, std::uint64_t)> prepare_;

    // Guarded by the mutex. The counters count batches since construction, regardless of batch numbers: the
    // i-th batch is in slot i % slots_. released_ <= taken_ <= prepared_ <= released_ + slots_.
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::uint64_t released_ = 0, taken_ = 0, prepared_ = 0;
    std::uint64_t position_;  ///< number of the next batch to be taken
    std::uint64_t seeks_ = 0;
    std::exception_ptr error_;

    std::jthread worker_;  // last, so that it ends before the members that it uses
};

}  // namespace gantry::io
