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
    resident,   ///< in the device's memory
    streamed,   ///< in the host's memory; batches are copied to the GPU while it computes
};

struct BatchOptions {
    std::size_t batch = 64;  ///< items in each batch
    PixelRange range = PixelRange::minus_one_to_one;
    Seed seed{};
    DataPlacement placement = DataPlacement::automatic;
    double resident_share = 0.5;  ///< automatic: of the GPU's free memory, how much the data set may take
};

/// Items in a data set of `values` bytes that is to be served in batches. Errors: not a whole number of
/// items; fewer than a batch; more than can be numbered.
inline std::size_t count_items(std::size_t values, std::size_t sample_size, const BatchOptions& options) {
    if (sample_size == 0 || values % sample_size != 0)
        fail("batches", "pixels must be a whole number of items", values, " values in items of ",
             sample_size);
    const std::size_t count = values / sample_size;
    if (options.batch == 0) fail("batches", "a batch must hold at least one item", options.batch);
    if (options.batch > count)
        fail("batches", "a batch must not be larger than the data set", "a batch of ", options.batch,
             " from ", count, " items");
    if (count > std::numeric_limits<std::uint32_t>::max())
        fail("batches", "a data set must hold less than 2^32 items", count);
    return count;
}

/// Errors: a number of batches served that no run comes to, since its items cannot be counted.
inline void check_position(std::uint64_t position, const BatchOptions& options) {
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / 2 / options.batch;
    if (position > most) fail("batches", "a position must be at most " + std::to_string(most), position);
}

/// How a data set is served but for the position, in words: what two runs over the same batches agree in.
inline std::string order_text(std::size_t count, const BatchOptions& options) {
    return "batches of " + std::to_string(options.batch) + " from " + std::to_string(count) +
           " items, seed " + std::to_string(static_cast<std::uint64_t>(options.seed)) +
           (options.range == PixelRange::zero_to_one ? ", from 0 to 1" : ", from -1 to 1");
}

/// The order in which the items of a data set are served, for ever. Each epoch has an order of its own, which
/// is a function of the seed and the epoch's number alone.
class ShuffledOrder {
public:
    ShuffledOrder(std::size_t count, Seed seed) : order_(count), seed_(seed) {}

    /// The item at a place: epoch e begins at place e * count(). The first look into another epoch takes time
    /// for all of it.
    std::uint32_t item(std::uint64_t place) {
        const std::uint64_t epoch = place / count();
        if (epoch != epoch_) shuffle(epoch);
        return order_[place % count()];
    }
    std::size_t count() const { return order_.size(); }

private:
    /// Puts the items in the order of an epoch: Fisher and Yates' shuffle (Knuth, TAOCP 2, algorithm 3.4.2P).
    /// Each swap takes half a Philox block, so that an epoch begins at a known place of the stream.
    void shuffle(std::uint64_t epoch) {
        const RandomStream stream(seed_, "data order");
        const std::uint64_t first_block = epoch * ((count() + 1) / 2);
        std::iota(order_.begin(), order_.end(), std::uint32_t{0});
        PhiloxBlock words{};
        for (std::size_t i = 0; i + 1 < count(); ++i) {
            if (i % 2 == 0) words = stream.block(first_block + i / 2);
            const std::uint64_t low = words[i % 2 * 2], high = words[i % 2 * 2 + 1];
            const std::uint64_t left = count() - i;
            // left * (64 random bits) / 2^64: uniform to one part in 2^32 and better.
            const std::uint64_t chosen = (high * left + (low * left >> 32)) >> 32;
            std::swap(order_[i], order_[i + chosen]);
        }
        epoch_ = epoch;
    }

    std::vector<std::uint32_t> order_;  ///< items in the order of epoch_
    std::uint64_t epoch_ = std::numeric_limits<std::uint64_t>::max();
    Seed seed_;
};

}  // namespace gantry
