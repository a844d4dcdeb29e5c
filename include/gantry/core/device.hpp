#pragma once
#include <gantry/core/arena.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/lifetime.hpp>
#include <gantry/core/tape.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

namespace gantry {

/// What every device has: memory, an arena for what a step makes, and a tape. A device derives from it and
/// provides kernels: an overload of `launch(Device&, const XParameters<T>&)` for each contract in
/// gantry/contracts/. It serves one thread at a time, and must outlive the networks and tensors on it.
template <class MemoryType>
class Device {
public:
    using Memory = MemoryType;

    Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device() {
        for (const Blocks* all : {&blocks_, &retired_})
            for (const Block& block : *all) free(block);
    }

    Memory& memory() { return memory_; }
    Arena<Memory>& arena() { return arena_; }
    Tape& tape() { return tape_; }
    /// Whether the device still exists, for handles to what is on it.
    Lifetime::Watch watch() const { return lifetime_.watch(); }

    /// Number of the current step, from 1. Tensors carry the step they were made in; 0 is that of tensors
    /// which outlive steps.
    std::uint32_t step() const { return step_; }
    /// Ends the step: everything that was made in it is gone, its memory is used again by the next one.
    void end_step() {
        tape_.reset();
        arena_.reset();
        Blocks retired;
        {
            const std::lock_guard lock(blocks_mutex_);
            retired.swap(retired_);
        }
        for (const Block& block : retired) free(block);
        if (++step_ == 0) step_ = 1;
    }

    /// Memory that outlives steps, for a Buffer. Errors: none is left.
    Blocks::iterator own(std::size_t bytes) {
        const auto mine = turn();
        Blocks block(1);
        try {
            if (bytes > 0) block.front().data = memory_.allocate(bytes);
        } catch (const std::bad_alloc&) {
            fail("memory", "there is no memory left for what outlives steps", bytes, " bytes");
        }
        block.front().bytes = bytes;
        const std::lock_guard lock(blocks_mutex_);
        blocks_.splice(blocks_.begin(), block);
        return blocks_.begin();
    }
    /// Gives it back: at the end of the step, whose recording may hold its address. Any thread may do so.
    void release(Blocks::iterator block) noexcept {
        Blocks released;
        {
            const std::lock_guard lock(blocks_mutex_);
            const bool in_use = user_.load(std::memory_order_acquire) != nullptr;
            Blocks& to = in_use ? retired_ : released;
            to.splice(to.begin(), blocks_, block);
        }
        for (const Block& unused : released) free(unused);
    }

    /// A thread's turn to use the device.
    class Turn {
    public:
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            if (user_) user_->store(nullptr, std::memory_order_release);
        }

    private:
        friend Device;
        template <class>
        friend class Step;
        explicit Turn(std::atomic<const void*>* user) : user_(user) {}
        std::atomic<const void*>* user_;  ///< null: the thread's turn began before
    };
    /// The calling thread's turn, as long as the result lives; threads may take turns, if they wait for one
    /// another. Errors: it is another thread's turn, which has a Step open or is in the middle of an op.
    [[nodiscard]] Turn turn() {
        const void* const me = this_thread();
        if (user_.load(std::memory_order_relaxed) == me) return Turn(nullptr);
        const void* nobody = nullptr;
        if (!user_.compare_exchange_strong(nobody, me, std::memory_order_acquire, std::memory_order_relaxed))
            fail("device",
                 "another thread is using this device; give each thread a device, or let one wait for the "
                 "end of the other's Step");
        return Turn(&user_);
    }

    /// Whether work goes on after `launch` has returned, so that reading a number makes the host wait.
    static constexpr bool asynchronous = false;

    /// Runs f. A device may collect what f asks it to do and start it as one piece.
    template <class F>
    void submit(const F& f) {
        f();
    }

private:
    template <class>
    friend class Step;

    void free(const Block& block) noexcept {
        if (block.data) memory_.release(block.data, block.bytes);
    }
    /// An address that no other running thread has.
    static const void* this_thread() {
        static thread_local char here;
        return &here;
    }

    Memory memory_;
    Arena<Memory> arena_{memory_};
    Tape tape_;
    std::mutex blocks_mutex_;  ///< of the two below: a Buffer may be destroyed by another thread
    Blocks blocks_, retired_;  ///< of Buffers that live, and of those that were destroyed in this step
    Lifetime lifetime_;
    std::atomic<const void*> user_{nullptr};
    std::uint32_t step_ = 1;
};

/// The scope of one step: tensors and recordings that are made in it end with it, by exception too.
///     { Step step{device}; auto loss = ...; optimizer.step(backward(loss, network)); }
/// Gradients need one: nothing is recorded outside of a Step. Errors: a step of the device is open.
template <class D>
class [[nodiscard]] Step {
public:
    explicit Step(D& device) : device_(device), of_device_(device.watch()), turn_(device.turn()) {
        if (device.tape().is_open()) fail("Step", "one step of a device must end before the next one begins");
        device.tape().open();
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() {
        if (of_device_.over())
            turn_.user_ = nullptr;
        else
            device_.end_step();
    }

private:
    D& device_;
    Lifetime::Watch of_device_;
    typename D::Turn turn_;
};

}  // namespace gantry
