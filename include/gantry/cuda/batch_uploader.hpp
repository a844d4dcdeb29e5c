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

// clang-format off
/// Streams batches of bytes from the host to the GPU through a ring of slots: kernels read some batches while
/// later ones are copied in a separate stream. A background thread writes each batch to page-locked memory
/// and starts its copy. The device's thread never waits for the GPU, only for a batch that is not ready yet.
///
/// Life cycle of a slot, by thread:
///     background   wait for the last copy from the slot; write the batch; make the copy stream wait for
///                  `used`; copy; record `copied`
///     device       make the device's stream wait for `copied`; launch kernels that read the slot; record
///                  `used`
/// Inside Cuda::run_as_graph the device's two events are outside the graph, before and after its launch
/// (Companion).
// clang-format on
class BatchUploader {
public:
    /// Writes the batch with the given number.
    using Fill = std::function<void(std::span<std::uint8_t>, std::uint64_t)>;

    /// `fill(bytes, number)` writes batch `number` of `bytes_in_batch` bytes, on the background thread.
    /// Errors: not enough page-locked or GPU memory for a few batches.
    BatchUploader(Memory& memory, std::size_t bytes_in_batch, Fill fill)
        : memory_(memory), bytes_(bytes_in_batch), fill_(std::move(fill)) {
        make_ring();
    }

    /// Calls `use(x)`, which launches kernels that read the next batch at x, in GPU memory, and must not use
    /// the device in any other way. Errors: those of the background thread and its copies; the next call then
    /// starts with a new ring.
    template <class Use>
    void next(const Use& use) {
        if (ring_ && (broken_ || ring_->is_short())) {
            memory_.stream().flush();
            ring_.reset();
            // The current capture holds more than half of the slots, so the next copies would have to wait
            // for it. This happens only in the first captures, until there are enough slots.
            if (!std::exchange(broken_, false)) slots_ *= 2;
        }
        if (!ring_) make_ring();
        try {
            ring_->next(use);
        } catch (...) {
            broken_ = true;  // its slots may belong to a capture that this error ends
            throw;
        }
        ++position_;
    }

    /// Number of batches taken so far.
    std::uint64_t position() const { return position_; }
    /// Continues as if `position` batches had been taken.
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
                stream_.flush();  // its kernels may read this memory, and a capture does not allow freeing it
            } catch (const Error&) {
            }
        }

        /// True if one more batch would leave less than half of the slots free for copies.
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
        static constexpr std::size_t alignment = 256;  // that of cudaMalloc
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

        /// Prepares one batch, on the background thread.
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
            slots_[held_.back()].copied.make_wait(stream_.get());  // copies complete in order
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

        Stream& stream_;              ///< the device's stream
        std::size_t bytes_, stride_;  ///< of a batch; of a slot
        std::unique_ptr<std::uint8_t, Release> device_;
        PinnedMemory host_;
        std::vector<Slot> slots_;
        Stream copies_;  // declared after the memory that it copies: its destructor waits for the copies
        Fill fill_;
        std::vector<std::size_t> held_;  ///< slots of batches whose kernels are not launched yet, in order
        io::Prefetcher prefetcher_;      // last: its thread uses all members above
    };

    void make_ring() { ring_ = std::make_unique<Ring>(memory_, bytes_, slots_, fill_, position_); }

    Memory& memory_;
    std::size_t bytes_;
    Fill fill_;
    std::size_t slots_ = 4;  ///< two for a graph that takes two batches, two for the next one
    std::uint64_t position_ = 0;
    std::unique_ptr<Ring> ring_;
    bool broken_ = false;
};

}  // namespace gantry::cuda
