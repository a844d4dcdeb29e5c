#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/core/tensor.hpp>
#include <gantry/data/shuffled_order.hpp>
#include <gantry/kernels/gather.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gantry {

/// Serves a data set in the batches, and in the order, of `Batches`, but from a copy of the bytes in the
/// device's memory: nothing goes from the host to a GPU in a training step.
template <class Item, class T, class D>
class DeviceBatches {
public:
    struct Minibatch {
        Tensor<Item, T, D> pixels;
    };

    /// `pixels` is (count, item). Throws an Error if they are no whole items, or fewer than a batch, or
    /// larger than the device's memory.
    DeviceBatches(D& device, std::span<const std::uint8_t> pixels, const BatchOptions& options)
        : order_(count_items(pixels.size(), Item::item_size, options), options.seed),
          options_(options),
          pixels_(device, pixels.size()) {
        pixels_.from_host(pixels);
    }

    /// The next batch: tensors of the current step.
    Minibatch next() {
        D& device = pixels_.device();
        const auto batch = allocate<T>(device, Item::extents(static_cast<int>(options_.batch)));
        GatherItemsParameters<T> p;
        p.item_size = Item::item_size;
        p.x = pixels_.data();
        p.range = options_.range;
        const std::uint64_t place = position_ * options_.batch;
        for (std::size_t first = 0; first < options_.batch; first += p.count) {
            p.count = std::min(p.most, options_.batch - first);
            p.y = batch.data + first * p.item_size;
            for (std::size_t i = 0; i < p.count; ++i) p.items[i] = order_.item(place + first + i);
            launch(device, p);
        }
        ++position_;
        return {Tensor<Item, T, D>{batch}};
    }

    /// Batches served so far: save it with a checkpoint.
    std::uint64_t position() const { return position_; }
    /// Goes on as if `position` batches had been served.
    void seek(std::uint64_t position) { position_ = position; }

private:
    ShuffledOrder order_;
    BatchOptions options_;
    Buffer<std::uint8_t, D> pixels_;
    std::uint64_t position_ = 0;
};

}  // namespace gantry
