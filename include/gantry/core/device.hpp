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
#include <type_traits>
#include <utility>

namespace gantry {

/// Base class of devices: memory, an arena for the tensors of a step, and a tape. A device derives from it
/// and provides the kernels, an overload of `launch(Device&, const XParameters<T>&)` for each contract in
/// gantry/contracts/. A device serves one thread at a time and must outlive the networks and tensors on it.
template <class MemoryType>
class Device {
public:
    using Memory = MemoryType;  ///< allocates, fills and copies memory, as HostMemory does

    Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device() {
        for (const core::Blocks* all : {&blocks_, &retired_})
            for (const core::Block& block : *all) free(block);
    }

    /// Allocates and copies device memory.
    Memory& memory() { return memory_; }
    /// Memory of the current step.
    core::Arena<Memory>& arena() { return arena_; }
    /// Recorded ops of the current step.
    core::Tape& tape() { return tape_; }
    /// Lets handles detect that the device was destroyed.
    core::Lifetime::Watch watch() const { return lifetime_.watch(); }

    /// Number of the current step, counted from 1. Each tensor stores the step that created it; 0 marks
    /// tensors that outlive steps.
    std::uint32_t step() const { return step_; }
    /// Ends the step: invalidates its tensors and recycles their memory.
    void end_step() {
        tape_.reset();
        arena_.reset();
        core::Blocks retired;
        {
            const std::lock_guard lock(blocks_mutex_);
            retired.swap(retired_);
        }
        for (const core::Block& block : retired) free(block);
        if (++step_ == 0) step_ = 1;
    }

    /// Allocates memory that outlives steps, for a Buffer. Errors: out of memory.
    core::Blocks::iterator own(std::size_t bytes) {
        const auto mine = turn();
        core::Blocks block(1);
        try {
            if (bytes > 0) block.front().data = memory_.allocate(bytes);
        } catch (const std::bad_alloc&) {
            fail("memory", "out of memory for data that outlives a step", bytes, " bytes");
        }
        block.front().bytes = bytes;
        const std::lock_guard lock(blocks_mutex_);
        blocks_.splice(blocks_.begin(), block);
        return blocks_.begin();
    }
    /// Releases a block. While a step is open this is deferred to its end, since recorded ops may hold the
    /// address. May be called from any thread.
    void release(core::Blocks::iterator block) noexcept {
        core::Blocks released;
        {
            const std::lock_guard lock(blocks_mutex_);
            const bool in_use = user_.load(std::memory_order_acquire) != nullptr;
            core::Blocks& to = in_use ? retired_ : released;
            to.splice(to.begin(), blocks_, block);
        }
        for (const core::Block& unused : released) free(unused);
    }

    /// Bytes of the blocks that outlive steps: parameters, gradients, moments.
    std::size_t persistent_bytes() {
        const std::lock_guard lock(blocks_mutex_);
        std::size_t bytes = 0;
        for (const core::Block& block : blocks_) bytes += block.bytes;
        return bytes;
    }

    /// Exclusive use of the device by one thread; the destructor ends it.
    class [[nodiscard]] Turn {
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
        std::atomic<const void*>* user_;  ///< null: nested in a turn of the same thread
    };
    /// Acquires the device for the calling thread until the result is destroyed; calls may nest. Threads may
    /// alternate if they synchronise with each other. Errors: another thread is using the device, that is,
    /// has a Step open or is running an op.
    Turn turn() {
        const void* const me = this_thread();
        if (user_.load(std::memory_order_relaxed) == me) return Turn(nullptr);
        const void* nobody = nullptr;
        if (!user_.compare_exchange_strong(nobody, me, std::memory_order_acquire, std::memory_order_relaxed))
            fail("device",
                 "another thread is using this device; give each thread its own device, or wait for the end "
                 "of the other thread's Step");
        return Turn(&user_);
    }

    /// Whether it has kernels for tensors of Storage with sums in Sum: see Scalars. Devices with more
    /// redefine it.
    template <class Storage, class Sum>
    static constexpr bool sums_in = std::is_same_v<Storage, Sum>;

    /// Whether `launch` may return before the work is done, so that reading a value makes the host wait.
    static constexpr bool asynchronous = false;

    /// Whether ops are recorded on the tape. If not, no derivative is compiled for the device.
    static constexpr bool records = true;

    /// Runs f. A device may override this to capture the work that f launches and launch it as a graph.
    template <class F>
    void run_as_graph(const F& f) {
        f();
    }

private:
    template <class>
    friend class Step;

    void free(const core::Block& block) noexcept {
        if (block.data) memory_.release(block.data, block.bytes);
    }
    /// Address of a thread-local variable: unique among running threads.
    static const void* this_thread() {
        static thread_local char here;
        return &here;
    }

    Memory memory_;
    core::Arena<Memory> arena_{memory_};
    core::Tape tape_;
    std::mutex blocks_mutex_;        ///< guards the lists below: any thread may destroy a Buffer
    core::Blocks blocks_, retired_;  ///< of live Buffers; of Buffers destroyed during this step
    core::Lifetime lifetime_;
    std::atomic<const void*> user_{nullptr};
    std::uint32_t step_ = 1;
};

namespace core {
/// A device type: it derives from Device and has a `launch` for each contract.
template <class D>
concept AnyDevice = requires {
    typename D::Memory;
    requires std::is_base_of_v<Device<typename D::Memory>, D>;
};
}  // namespace core

/// RAII scope of one step. Tensors and recorded ops created inside become invalid when it ends, normally or
/// by an exception:
///     { Step step{device}; auto loss = ...; optimizer.step(backward(loss, network)); }
/// Required for gradients: ops are recorded only inside a Step. Errors: a Step of the device is already open.
template <class D>
class [[nodiscard]] Step {
public:
    /// Begins a step. Errors: a Step of the device is already open; another thread uses the device.
    explicit Step(D& device) : device_(device), of_device_(device.watch()), turn_(device.turn()) {
        if (device.tape().is_open())
            fail("Step", "a Step must end before the next one on the same device begins");
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
    core::Lifetime::Watch of_device_;
    typename D::Turn turn_;
};

}  // namespace gantry
