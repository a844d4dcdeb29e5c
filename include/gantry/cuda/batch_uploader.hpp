#pragma once
#include <gantry/core/error.hpp>
#include <gantry/cuda/check.hpp>
#include <gantry/cuda/event.hpp>
#include <gantry/cuda/memory.hpp>
#include <gantry/cuda/pinned_memory.hpp>
#include <gantry/cuda/stream.hpp>
#include <gantry/data/prefetcher.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace gantry::cuda {

/// Streams batches of bytes from the host to the GPU through a ring of slots: kernels read some batches while
/// the next ones are copied in a separate stream. A background thread writes each batch to page-locked memory
/// and starts its copy. The device's thread never waits for the GPU, only for a batch that is not ready yet.
///
/// What happens to a slot, thread by thread:
///     background   wait until the last copy from the slot is done; write the batch; make the copies' stream
///                  wait for `used`; copy; record `copied`
///     device       make the device's stream wait for `copied`; launch kernels that read the slot; record
///                  `used`
/// Within Cuda::submit the device's two events are outside of the graph, before and behind it (Companion).
class BatchUploader {
public:
    using Fill = std::function<void(std::span<std::uint8_t>, std::uint64_t)>;

    /// `fill(bytes, number)` writes batch `number` of `bytes_in_batch` bytes, on the background thread.
    /// Errors: not enough page-locked or GPU memory for a few batches.
    BatchUploader(Memory& memory, std::size_t bytes_in_batch, Fill fill)
        : memory_(memory), bytes_(bytes_in_batch), fill_(std::move(fill)) {
        make_ring();
    }

    /// Calls `use(x)`, which launches kernels that read the next batch from x, in the GPU's memory, and does
    /// nothing else with the device. Errors: those of the background thread and its copies; the next call
    /// begins anew then.
    template <class Use>
    void next(const Use& use) {
        if (ring_ && (broken_ || ring_->is_short())) {
            memory_.stream().flush();
            ring_.reset();
            // A submission holds more than half of the slots, so the next copies would have to wait for it.
            // This happens in the first submissions, until there are enough slots.
            if (!std::exchange(broken_, false)) slots_ *= 2;
        }
        if (!ring_) make_ring();
        try {
            ring_->next(use);
        } catch (...) {
            broken_ = true;  // what it holds may be a part of a capture that ends by this error
            throw;
        }
        ++position_;
    }

    /// Batches taken so far.
    std::uint64_t position() const { return position_; }
    /// Goes on as if `position` batches had been taken.
    void seek(std::uint64_t position) {
        position_ = position;
        if (ring_) ring_->seek(position);
    }

private:
    class Ring final : Companion {
    public:
        Ring(Memory& memory, std::size_t bytes, std::size_t slot_count, const Fill& fill,
             std::uint64_t position)
            : stream_(memory.stream()),
              bytes_(bytes),
              stride_((bytes + alignment - 1) / alignment * alignment),
              device_(static_cast<std::uint8_t*>(memory.allocate(slot_count * stride_)),
                      Release{&memory, slot_count * stride_}),
              host_(allocate_pinned(slot_count * stride_)),
              slots_(slot_count),
              fill_(fill),
              prefetcher_(
                  slot_count, [this](std::size_t slot, std::uint64_t number) { send(slot, number); },
                  position) {}
        Ring(const Ring&) = delete;
        Ring& operator=(const Ring&) = delete;
        ~Ring() {
            try {
                stream_.flush();  // kernels in it may read this memory, and a capture allows no release
            } catch (const Error&) {
            }
        }

        /// Whether with one more batch less than half of the slots would be free for copies.
        bool is_short() const { return 2 * (held_.size() + 1) > slots_.size(); }

        template <class Use>
        void next(const Use& use) {
            const std::size_t slot = prefetcher_.next();
            held_.push_back(slot);
            if (stream_.collecting()) {
                stream_.accompany(*this);
                use(device(slot));
                return;
            }
            const Parting parting{*this};
            before_launch();
            use(device(slot));
        }
        void seek(std::uint64_t position) { prefetcher_.seek(position); }

    private:
        static constexpr std::size_t alignment = 256;  // cudaMalloc's
        struct Slot {
            Event copied, used;
        };
        struct Release {
            Memory* memory;
            std::size_t bytes;
            void operator()(std::uint8_t* data) const { memory->release(data, bytes); }
        };
        struct Parting {
            Ring& ring;
            ~Parting() { ring.after_launch(); }
        };

        const std::uint8_t* device(std::size_t slot) const { return device_.get() + slot * stride_; }

        /// The background thread: one batch.
        void send(std::size_t slot, std::uint64_t number) {
            stream_.gpu().make_current();
            Slot& s = slots_[slot];
            s.copied.synchronize();
            auto* const host = reinterpret_cast<std::uint8_t*>(host_.get()) + slot * stride_;
            fill_({host, bytes_}, number);
            s.used.make_wait(copies_.get());
            check(cudaMemcpyAsync(device_.get() + slot * stride_, host, bytes_, cudaMemcpyHostToDevice,
                                  copies_.get()),
                  "cudaMemcpyAsync");
            s.copied.record(copies_.get());
        }

        void before_launch() override {
            slots_[held_.back()].copied.make_wait(stream_.get());  // copies are done in their order
        }
        void after_launch() noexcept override {
            try {
                for (const std::size_t slot : held_) slots_[slot].used.record(stream_.get());
            } catch (...) {
                prefetcher_.stop(std::current_exception());
            }
            held_.clear();
            prefetcher_.release();
        }

        Stream& stream_;              ///< the device's
        std::size_t bytes_, stride_;  ///< of a batch, of a slot
        std::unique_ptr<std::uint8_t, Release> device_;
        PinnedMemory host_;
        std::vector<Slot> slots_;
        Stream copies_;  // outlived by the memory that it copies: its end waits for the copies
        Fill fill_;
        std::vector<std::size_t> held_;  ///< slots of batches whose kernels are not started yet, in order
        Prefetcher prefetcher_;          // last: its thread uses all of the above
    };

    void make_ring() { ring_ = std::make_unique<Ring>(memory_, bytes_, slots_, fill_, position_); }

    Memory& memory_;
    std::size_t bytes_;
    Fill fill_;
    std::size_t slots_ = 4;  ///< two for a submission that takes two batches, and two for the next one
    std::uint64_t position_ = 0;
    std::unique_ptr<Ring> ring_;
    bool broken_ = false;
};

}  // namespace gantry::cuda
