#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/pixel_range.hpp>
#include <gantry/core/random.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace gantry {

/// Where `DeviceBatches` keeps the bytes of a data set.
enum class DataPlacement {
    automatic,  ///< resident if they fit (BatchOptions::resident_share), else streamed
    resident,   ///< in device memory
    streamed,   ///< in host memory; batches are copied to the GPU while it computes
};

/// Options of Batches and DeviceBatches.
struct BatchOptions {
    std::size_t batch = 64;                              ///< samples per batch
    PixelRange range = PixelRange::minus_one_to_one;     ///< range of the converted values
    Seed seed{};                                         ///< determines the order of the samples
    DataPlacement placement = DataPlacement::automatic;  ///< DeviceBatches only
    double resident_share = 0.5;  ///< automatic: fraction of the GPU's free memory that the data may occupy
};

namespace io {
/// Number of samples in a data set of `values` bytes. Errors: not a whole number of samples; an empty batch;
/// fewer samples than a batch; 2^32 samples or more.
inline std::size_t count_samples(std::size_t values, std::size_t sample_size, const BatchOptions& options) {
    if (sample_size == 0 || values % sample_size != 0)
        fail("batches", "pixels must be a whole number of samples", values, " values in samples of ",
             sample_size);
    const std::size_t count = values / sample_size;
    if (options.batch == 0) fail("batches", "the batch size must be at least 1", options.batch);
    if (options.batch > count)
        fail("batches", "the batch size must not exceed the data set", "a batch of ", options.batch, " from ",
             count, " samples");
    if (count > std::numeric_limits<std::uint32_t>::max())
        fail("batches", "a data set must have fewer than 2^32 samples", count);
    return count;
}

/// Errors: not one label per sample.
inline void check_labels(std::size_t labels, std::size_t samples) {
    if (labels != samples)
        fail("batches", "each sample needs one label", samples, " samples and ", labels, " labels");
}

/// Errors: a position, in batches, so large that the number of samples served would overflow.
inline void check_position(std::uint64_t position, const BatchOptions& options) {
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / 2 / options.batch;
    if (position > most) fail("batches", "a position must be at most " + std::to_string(most), position);
}

/// Describes everything that determines the batches except the position; checkpoints compare it.
inline std::string order_text(std::size_t count, const BatchOptions& options) {
    return "batches of " + std::to_string(options.batch) + " from " + std::to_string(count) +
           " items, seed " + std::to_string(static_cast<std::uint64_t>(options.seed)) +
           (options.range == PixelRange::zero_to_one ? ", from 0 to 1" : ", from -1 to 1");
}

/// The endless order in which the samples of a data set are served. Each epoch is a random permutation that
/// depends on the seed and the epoch's number only.
class ShuffledOrder {
public:
    /// The order of `count` samples.
    ShuffledOrder(std::size_t count, Seed seed) : order_(count), seed_(seed) {}

    /// Index of the sample at `place`; epoch e begins at place e * count(). Switching to another epoch takes
    /// O(count()).
    std::uint32_t sample(std::uint64_t place) {
        const std::uint64_t epoch = place / count();
        if (epoch != epoch_) shuffle(epoch);
        return order_[place % count()];
    }
    /// Number of samples in the data set.
    std::size_t count() const { return order_.size(); }

private:
    /// Computes the order of an epoch by the Fisher-Yates shuffle (Knuth, TAOCP 2, algorithm 3.4.2P). Each
    /// swap uses half a Philox block, so that every epoch begins at a known position of the stream.
    void shuffle(std::uint64_t epoch) {
        const RandomStream stream(seed_, "data order");
        const std::uint64_t first_block = epoch * ((count() + 1) / 2);
        std::iota(order_.begin(), order_.end(), std::uint32_t{0});
        core::PhiloxBlock words{};
        for (std::size_t i = 0; i + 1 < count(); ++i) {
            if (i % 2 == 0) words = stream.block(first_block + i / 2);
            const std::uint64_t low = words[i % 2 * 2], high = words[i % 2 * 2 + 1];
            const std::uint64_t left = count() - i;
            // floor(left * r / 2^64), r of 64 random bits: uniform to one part in 2^32 or better.
            const std::uint64_t chosen = (high * left + (low * left >> 32)) >> 32;
            std::swap(order_[i], order_[i + chosen]);
        }
        epoch_ = epoch;
    }

    std::vector<std::uint32_t> order_;  ///< sample indices in the order of epoch_
    std::uint64_t epoch_ = std::numeric_limits<std::uint64_t>::max();
    Seed seed_;
};
}  // namespace io

}  // namespace gantry
