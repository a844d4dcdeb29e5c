#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/images.hpp>
#include <gantry/data/prefetcher.hpp>
#include <gantry/data/shuffled_order.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gantry {

/// A batch on the host, ready for a network.
template <class T>
struct Minibatch {
    std::span<const T> pixels;             ///< (batch, sample_size)
    std::span<const std::int32_t> labels;  ///< (batch), empty if the data set has no labels
};

/// Endless stream of shuffled batches of T from a data set of bytes, converted by from_byte. A background
/// thread prepares the next batch while the caller uses the current one; nothing is allocated after
/// construction.
///
/// Each epoch is shuffled separately (see ShuffledOrder). Batches may span two epochs, so every sample is
/// served equally often for any batch size; a batch that spans two epochs may contain a sample twice. The
/// number of batches served is the whole state, and `seek` sets it.
template <class T>
class Batches {
public:
    /// `pixels` is (count, sample_size), `labels` (count) or empty; both must outlive this object. Errors:
    /// sizes that do not match; fewer samples than a batch.
    Batches(std::span<const std::uint8_t> pixels, std::size_t sample_size,
            std::span<const std::int32_t> labels, const BatchOptions& options)
        : pixels_(pixels),
          labels_(labels),
          sample_size_(sample_size),
          options_(options),
          value_of_byte_(values_of_bytes(options.range)),
          order_(checked_count(pixels.size(), sample_size, labels.size(), options), options.seed),
          slots_{Slot(options.batch, sample_size, labels), Slot(options.batch, sample_size, labels)} {}
    /// The same for labelled images, which must outlive this object.
    Batches(const LabelledImages& data, const BatchOptions& options)
        : Batches(data.images.pixels, data.images.sample_size(), data.labels, options) {}
    Batches(LabelledImages&&, const BatchOptions&) = delete;  // the data would not outlive this object

    /// The next batch, valid until the next call of `next` or `seek`. Rethrows an exception of the background
    /// thread.
    Minibatch<T> next() {
        prefetcher_.release();
        const Slot& slot = slots_[prefetcher_.next()];
        return {slot.pixels, slot.labels};
    }

    /// Number of batches served so far; checkpoints save it.
    std::uint64_t position() const { return prefetcher_.position(); }

    /// Continues after the first `position` batches. Errors: see check_position.
    void seek(std::uint64_t position) {
        io::check_position(position, options_);
        prefetcher_.release();
        prefetcher_.seek(position);
    }

    /// Number of samples in the data set.
    std::size_t count() const { return order_.count(); }
    /// The options that it was constructed with.
    const BatchOptions& options() const { return options_; }
    /// Values per sample.
    std::size_t sample_size() const { return sample_size_; }

private:
    struct Slot {
        Slot(std::size_t batch, std::size_t sample_size, std::span<const std::int32_t> all_labels)
            : pixels(batch * sample_size), labels(all_labels.empty() ? 0 : batch) {}
        std::vector<T> pixels;
        std::vector<std::int32_t> labels;
    };

    static std::size_t checked_count(std::size_t values, std::size_t sample_size, std::size_t labels,
                                     const BatchOptions& options) {
        const std::size_t count = io::count_samples(values, sample_size, options);
        if (labels != 0) io::check_labels(labels, count);
        return count;
    }

    static std::array<T, 256> values_of_bytes(PixelRange range) {
        std::array<T, 256> values{};
        for (std::size_t byte = 0; byte < 256; ++byte)
            values[byte] = core::from_byte<T>(static_cast<std::uint8_t>(byte), range);
        return values;
    }

    /// Writes batch `number` into a slot.
    void fill(Slot& slot, std::uint64_t number) {
        const std::uint64_t first = number * options_.batch;
        for (std::size_t i = 0; i < options_.batch; ++i) {
            const std::size_t sample = order_.sample(first + i);
            std::transform(pixels_.begin() + static_cast<std::ptrdiff_t>(sample * sample_size_),
                           pixels_.begin() + static_cast<std::ptrdiff_t>((sample + 1) * sample_size_),
                           slot.pixels.begin() + static_cast<std::ptrdiff_t>(i * sample_size_),
                           [&](std::uint8_t byte) { return value_of_byte_[byte]; });
            if (!labels_.empty()) slot.labels[i] = labels_[sample];
        }
    }

    std::span<const std::uint8_t> pixels_;
    std::span<const std::int32_t> labels_;
    std::size_t sample_size_;
    BatchOptions options_;
    std::array<T, 256> value_of_byte_;
    io::ShuffledOrder order_;  ///< used by the background thread only, except count()
    std::array<Slot, 2> slots_;

    // Last, so that its thread ends before the members above are destroyed.
    io::Prefetcher prefetcher_{
        slots_.size(), [this](std::size_t slot, std::uint64_t number) { fill(slots_[slot], number); }};
};

}  // namespace gantry
