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
/// The device's type for streaming batches, `D::BatchUploader`, with the interface of cuda::BatchUploader.
/// Devices without one always keep the data set resident.
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

/// Serves the same batches in the same order as Batches, as tensors of shape `Item`, Shape<Batch, ...>. The
/// bytes are converted by a kernel on the device. A resident data set is copied to device memory once, so a
/// training step copies nothing from the host. A streamed data set stays in host memory and may exceed the
/// GPU's: a background thread copies the next batches while the GPU computes. Both give the same bits, and a
/// resumed run may switch between them.
template <class Item, class T, class D>
class DeviceBatches {
public:
    /// A batch on the device.
    struct Minibatch {
        Tensor<Item, T, D> pixels;  ///< a shape with Batch, such as Shape<Batch, 28, 28, 1>
        /// Empty if the data set has no labels.
        std::optional<Tensor<Shape<Batch>, std::int32_t, D>> labels;
    };

    /// `pixels` is (count, Item::sample_size), `labels` (count) or empty; both must outlive this object.
    /// Errors: not a whole number of samples, or of another number than there are labels; fewer samples than
    /// a batch; a resident data set that does not fit into the device's memory.
    DeviceBatches(D& device, std::span<const std::uint8_t> pixels, std::span<const std::int32_t> labels,
                  const BatchOptions& options)
        : device_(device),
          of_device_(device.watch()),
          options_(options),
          order_(io::count_samples(pixels.size(), Item::sample_size, options), options.seed),
          labels_(labels) {
        if (!labels.empty()) {
            io::check_labels(labels.size(), order_.count());
            label_order_.emplace(order_.count(), options.seed);
        }
        if constexpr (streams) {
            if (must_stream(device, pixels.size(), options)) {
                uploader_.emplace(device.memory(), options.batch * Item::sample_size,
                                  [this, pixels](std::span<std::uint8_t> bytes, std::uint64_t number) {
                                      copy_samples(pixels, bytes, number);
                                  });
                return;
            }
        }
        resident_.emplace(device, pixels.size());
        resident_->from_host(pixels);
    }
    /// The same without labels.
    DeviceBatches(D& device, std::span<const std::uint8_t> pixels, const BatchOptions& options)
        : DeviceBatches(device, pixels, {}, options) {}
    // The data would not outlive this object.
    DeviceBatches(D&, std::vector<std::uint8_t>&&, const BatchOptions&) = delete;

    /// The next batch, a tensor of the current step. Errors: streamed data could not be copied; the device
    /// was destroyed.
    Minibatch next() {
        if (of_device_.over())
            fail("DeviceBatches", "the device was destroyed; it must outlive the data on it");
        Minibatch result{
            Tensor<Item, T, D>{core::allocate<T>(device_, Item::extents(static_cast<int>(options_.batch)))},
            next_labels()};
        T* const y = result.pixels.data();
        if constexpr (streams) {
            if (uploader_) {
                uploader_->next([&](const std::uint8_t* x) {
                    gather(x, y, [](std::size_t i) { return static_cast<std::uint32_t>(i); });
                });
                return result;
            }
        }
        const std::uint64_t first = position_ * options_.batch;
        gather(resident_->data(), y, [&](std::size_t i) { return order_.sample(first + i); });
        ++position_;
        return result;
    }

    /// Number of batches served so far; checkpoints save it.
    std::uint64_t position() const {
        if constexpr (streams)
            if (uploader_) return uploader_->position();
        return position_;
    }
    /// Continues after the first `position` batches. Errors: see check_position.
    void seek(std::uint64_t position) {
        io::check_position(position, options_);
        if constexpr (streams)
            if (uploader_) return uploader_->seek(position);
        position_ = position;
    }

    /// Number of samples in the data set.
    std::size_t count() const { return order_.count(); }
    /// The options that it was constructed with.
    const BatchOptions& options() const { return options_; }

    /// True if the data set is streamed from host memory.
    bool streamed() const { return !resident_; }

private:
    using Uploader = detail::UploaderOf<D>;
    static constexpr bool streams = Uploader::exists;

    static bool must_stream(D& device, std::size_t bytes, const BatchOptions& options)
        requires streams
    {
        if (options.placement != DataPlacement::automatic)
            return options.placement == DataPlacement::streamed;
        const auto free = static_cast<double>(device.memory().free_bytes());
        return static_cast<double>(bytes) > options.resident_share * free;
    }

    /// Converts samples item(0), ..., item(batch - 1) of x to y.
    template <class SampleIndex>
    void gather(const std::uint8_t* x, T* y, const SampleIndex& sample) {
        contracts::GatherSamplesParameters<T> p;
        p.sample_size = Item::sample_size;
        p.x = x;
        p.range = options_.range;
        for (std::size_t first = 0; first < options_.batch; first += p.count) {
            p.count = std::min(p.most, options_.batch - first);
            p.y = y + first * p.sample_size;
            for (std::size_t i = 0; i < p.count; ++i) p.samples[i] = sample(first + i);
            launch(device_, p);
        }
    }

    /// The labels of the next batch.
    std::optional<Tensor<Shape<Batch>, std::int32_t, D>> next_labels() {
        if (labels_.empty()) return std::nullopt;
        const auto labels =
            core::allocate<std::int32_t>(device_, Shape<Batch>::extents(static_cast<int>(options_.batch)));
        const std::uint64_t first_sample = position() * options_.batch;
        contracts::WriteIntegersParameters<std::int32_t> p;
        for (std::size_t first = 0; first < options_.batch; first += p.count) {
            p.count = std::min(p.most, options_.batch - first);
            p.y = labels.data + first;
            for (std::size_t i = 0; i < p.count; ++i)
                p.values[i] = labels_[label_order_->sample(first_sample + first + i)];
            launch(device_, p);
        }
        return Tensor<Shape<Batch>, std::int32_t, D>{labels};
    }

    /// Writes the bytes of batch `number`, on the background thread, which is then the only user of order_.
    void copy_samples(std::span<const std::uint8_t> pixels, std::span<std::uint8_t> bytes,
                      std::uint64_t number) {
        constexpr std::size_t size = Item::sample_size;
        const std::uint64_t first = number * options_.batch;
        for (std::size_t i = 0; i < options_.batch; ++i)
            std::memcpy(bytes.data() + i * size, pixels.data() + order_.sample(first + i) * size, size);
    }

    D& device_;
    core::Lifetime::Watch of_device_;
    BatchOptions options_;
    io::ShuffledOrder order_;
    std::span<const std::int32_t> labels_;
    std::optional<io::ShuffledOrder> label_order_;  ///< a copy of order_, which the background thread uses
    std::optional<core::Buffer<std::uint8_t, D>> resident_;
    std::uint64_t position_ = 0;                       ///< of resident data
    std::optional<typename Uploader::type> uploader_;  ///< last: its thread uses order_
};

}  // namespace gantry
