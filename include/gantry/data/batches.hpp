#pragma once
#include <gantry/core/error.hpp>
#include <gantry/data/images.hpp>
#include <gantry/data/shuffled_order.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace gantry {

/// Some items of a data set, ready for a network.
template <class T>
struct Minibatch {
    std::span<const T> pixels;             ///< (batch, item_size)
    std::span<const std::uint8_t> labels;  ///< (batch), empty if the data set has none
};

/// Serves a data set of bytes in shuffled batches of T, for ever. A background thread prepares the next batch
/// while the caller works on this one; nothing is allocated after construction.
///
/// Each epoch has an order of its own (`ShuffledOrder`). Batches run on from one epoch into the next, so that
/// every item is seen equally often whatever the batch size (an item may then be twice in the one batch where
/// two epochs meet). The number of batches served is the whole state, and `seek` goes to any of them.
template <class T>
class Batches {
public:
    /// `pixels` is (count, item_size), `labels` (count) or empty; both must outlive this object. Throws an
    /// Error if they do not fit together or hold fewer items than a batch.
    Batches(std::span<const std::uint8_t> pixels, std::size_t item_size, std::span<const std::uint8_t> labels,
            const BatchOptions& options)
        : pixels_(pixels),
          labels_(labels),
          item_size_(item_size),
          options_(options),
          order_(checked_count(pixels.size(), item_size, labels.size(), options), options.seed),
          slots_{Slot(options.batch, item_size, labels), Slot(options.batch, item_size, labels)} {
        for (std::size_t byte = 0; byte < 256; ++byte)
            value_of_byte_[byte] = from_byte<T>(static_cast<std::uint8_t>(byte), options.range);
        worker_ = std::jthread([this](std::stop_token stop) { prepare(stop); });
    }
    Batches(const LabelledImages& data, const BatchOptions& options)
        : Batches(data.images.pixels, data.images.item_size(), data.labels, options) {}
    Batches(LabelledImages&&, const BatchOptions&) = delete;  // the data would be gone before the first batch

    /// The next batch, valid until the next call of `next` or `seek`. Throws what stopped the background
    /// thread, if anything did.
    Minibatch<T> next() {
        std::unique_lock lock(mutex_);
        const std::uint64_t number = position_++;
        changed_.notify_all();
        changed_.wait(lock, [&] { return prepared_ > number || error_; });
        if (error_) std::rethrow_exception(error_);
        const Slot& slot = slots_[number % slots_.size()];
        return {slot.pixels, slot.labels};
    }

    /// Batches served so far: save it with a checkpoint.
    std::uint64_t position() const { return position_; }

    /// Goes on as if `position` batches had been served.
    void seek(std::uint64_t position) {
        const std::lock_guard lock(mutex_);
        position_ = prepared_ = position;
        ++seeks_;
        changed_.notify_all();
    }

    /// Items in the data set.
    std::size_t count() const { return order_.count(); }
    /// Values in an item.
    std::size_t item_size() const { return item_size_; }

private:
    struct Slot {
        Slot(std::size_t batch, std::size_t item_size, std::span<const std::uint8_t> all_labels)
            : pixels(batch * item_size), labels(all_labels.empty() ? 0 : batch) {}
        std::vector<T> pixels;
        std::vector<std::uint8_t> labels;
    };

    static std::size_t checked_count(std::size_t values, std::size_t item_size, std::size_t labels,
                                     const BatchOptions& options) {
        const std::size_t count = count_items(values, item_size, options);
        if (labels != 0 && labels != count)
            fail("batches", "each item needs one label", count, " items and ", labels, " labels");
        return count;
    }

    /// The background thread: keeps one batch ahead of the one that the caller works on.
    void prepare(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (changed_.wait(lock, stop, [&] { return prepared_ <= position_; })) {
            const std::uint64_t number = prepared_;
            const std::uint64_t seeks = seeks_;
            lock.unlock();
            std::exception_ptr error;
            try {
                fill(slots_[number % slots_.size()], number);
            } catch (...) {
                error = std::current_exception();
            }
            lock.lock();
            if (seeks == seeks_) prepared_ = number + 1;  // otherwise it is not the batch wanted now
            error_ = error;
            changed_.notify_all();
            if (error_) return;
        }
    }

    /// Writes batch `number` into a slot.
    void fill(Slot& slot, std::uint64_t number) {
        const std::uint64_t first = number * options_.batch;
        for (std::size_t i = 0; i < options_.batch; ++i) {
            const std::size_t item = order_.item(first + i);
            std::transform(pixels_.begin() + static_cast<std::ptrdiff_t>(item * item_size_),
                           pixels_.begin() + static_cast<std::ptrdiff_t>((item + 1) * item_size_),
                           slot.pixels.begin() + static_cast<std::ptrdiff_t>(i * item_size_),
                           [&](std::uint8_t byte) { return value_of_byte_[byte]; });
            if (!labels_.empty()) slot.labels[i] = labels_[item];
        }
    }

    std::span<const std::uint8_t> pixels_;
    std::span<const std::uint8_t> labels_;
    std::size_t item_size_;
    BatchOptions options_;
    std::array<T, 256> value_of_byte_{};

    ShuffledOrder order_;  ///< of the background thread alone, but for its count

    // Shared, under the mutex. Batches below prepared_ are ready; the caller holds batch position_ - 1, so
    // that the other slot is free for batch position_.
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::array<Slot, 2> slots_;
    std::uint64_t position_ = 0;
    std::uint64_t prepared_ = 0;
    std::uint64_t seeks_ = 0;
    std::exception_ptr error_;

    std::jthread worker_;  // last: it ends before anything that it uses
};

}  // namespace gantry
