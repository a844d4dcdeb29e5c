#pragma once
#include <gantry/contracts/gather.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/core/lifetime.hpp>
#include <gantry/data/shuffled_order.hpp>
#include <gantry/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace gantry {

namespace detail {
/// How a device streams batches: `D::BatchUploader`, with the interface of cuda::BatchUploader. Devices
/// without one have every data set in their memory.
template <class D>
struct UploaderOf {
    static constexpr bool exists = false;
    struct type {};
};
template <class D>
requires requires { typename D::BatchUploader; }
struct UploaderOf<D> {
    static constexpr bool exists = true;
    using type = typename D::BatchUploader;
};
}  // namespace detail

/// Serves a data set in the batches, and in the order, of `Batches`, from bytes that a kernel converts on the
/// device. A resident data set is copied to the device's memory once; nothing goes from the host to a GPU in
/// a training step then. A streamed one stays in the host's memory, so that it may be larger than the GPU's:
/// a background thread copies the bytes of the next batches while the GPU computes. Both serve the same bits,
/// and a run may change from one to the other.
template <class Item, class T, class D>
class DeviceBatches {
public:
    struct Minibatch {
        Tensor<Item, T, D> pixels;
    };

    /// `pixels` is (count, item), and must outlive this object. Throws an Error if they are no whole items,
    /// or fewer than a batch, or larger than the device's memory where they must be resident.
    DeviceBatches(D& device, std::span<const std::uint8_t> pixels, const BatchOptions& options)
        : device_(device),
          of_device_(device.watch()),
          options_(options),
          order_(count_items(pixels.size(), Item::sample_size, options), options.seed) {
        if constexpr (streams) {
            if (must_stream(device, pixels.size(), options)) {
                uploader_.emplace(device.memory(), options.batch * Item::sample_size,
                                  [this, pixels](std::span<std::uint8_t> bytes, std::uint64_t number) {
                                      copy_items(pixels, bytes, number);
                                  });
                return;
            }
        }
        resident_.emplace(device, pixels.size());
        resident_->from_host(pixels);
    }
    // The data would be gone before the first batch.
    DeviceBatches(D&, std::vector<std::uint8_t>&&, const BatchOptions&) = delete;

    /// The next batch: tensors of the current step. Errors: a copy of streamed data failed; the device was
    /// destroyed.
    Minibatch next() {
        if (of_device_.over())
            fail("DeviceBatches", "the device was destroyed; it must outlive the data on it");
        const auto batch = allocate<T>(device_, Item::extents(static_cast<int>(options_.batch)));
        if constexpr (streams) {
            if (uploader_) {
                uploader_->next([&](const std::uint8_t* x) {
                    gather(x, batch.data, [](std::size_t i) { return static_cast<std::uint32_t>(i); });
                });
                return {Tensor<Item, T, D>{batch}};
            }
        }
        const std::uint64_t first = position_ * options_.batch;
        gather(resident_->data(), batch.data, [&](std::size_t i) { return order_.item(first + i); });
        ++position_;
        return {Tensor<Item, T, D>{batch}};
    }

    /// Batches served so far: save it with a checkpoint.
    std::uint64_t position() const {
        if constexpr (streams)
            if (uploader_) return uploader_->position();
        return position_;
    }
    /// Goes on as if `position` batches had been served. Errors: see check_position.
    void seek(std::uint64_t position) {
        check_position(position, options_);
        if constexpr (streams)
            if (uploader_) return uploader_->seek(position);
        position_ = position;
    }

    /// Items in the data set.
    std::size_t count() const { return order_.count(); }
    const BatchOptions& options() const { return options_; }

    /// Whether the data set is not in the device's memory.
    bool streamed() const { return !resident_; }

private:
    using Uploader = detail::UploaderOf<D>;
    static constexpr bool streams = Uploader::exists;

    static bool must_stream(D& device, std::size_t bytes, const BatchOptions& options) requires streams {
        if (options.placement != DataPlacement::automatic)
            return options.placement == DataPlacement::streamed;
        const auto free = static_cast<double>(device.memory().free_bytes());
        return static_cast<double>(bytes) > options.resident_share * free;
    }

    /// Converts the items item(0) ... item(batch - 1) of x.
    template <class ItemNumber>
    void gather(const std::uint8_t* x, T* y, const ItemNumber& item) {
        GatherSamplesParameters<T> p;
        p.sample_size = Item::sample_size;
        p.x = x;
        p.range = options_.range;
        for (std::size_t first = 0; first < options_.batch; first += p.count) {
            p.count = std::min(p.most, options_.batch - first);
            p.y = y + first * p.sample_size;
            for (std::size_t i = 0; i < p.count; ++i) p.items[i] = item(first + i);
            launch(device_, p);
        }
    }

    /// Writes the bytes of batch `number`. (The order belongs to the background thread then.)
    void copy_items(std::span<const std::uint8_t> pixels, std::span<std::uint8_t> bytes,
                    std::uint64_t number) {
        constexpr std::size_t size = Item::sample_size;
        const std::uint64_t first = number * options_.batch;
        for (std::size_t i = 0; i < options_.batch; ++i)
            std::memcpy(bytes.data() + i * size, pixels.data() + order_.item(first + i) * size, size);
    }

    D& device_;
    Lifetime::Watch of_device_;
    BatchOptions options_;
    ShuffledOrder order_;
    std::optional<Buffer<std::uint8_t, D>> resident_;
    std::uint64_t position_ = 0;                       ///< in resident data
    std::optional<typename Uploader::type> uploader_;  ///< last: its thread uses the order
};

}  // namespace gantry
