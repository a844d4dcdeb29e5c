#pragma once
#include <gantry/autograd/tape.hpp>
#include <gantry/core/arena.hpp>
#include <gantry/core/error.hpp>

#include <cstddef>
#include <cstdint>

namespace gantry {

/// What every device has: memory, an arena for what a step makes, and a tape. A device derives from it and
/// provides kernels: an overload of `launch(Device&, const XParameters<T>&)` for each contract in
/// gantry/kernels/. A device belongs to one thread at a time, and must outlive the networks and tensors on
/// it.
template <class MemoryType>
class Device {
public:
    using Memory = MemoryType;

    Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    Memory& memory() { return memory_; }
    Arena<Memory>& arena() { return arena_; }
    Tape& tape() { return tape_; }

    /// Number of the current step, from 1. Tensors carry the step they were made in; 0 is that of tensors
    /// which outlive steps.
    std::uint32_t step() const { return step_; }
    /// Ends the step: everything that was made in it is gone, its memory is used again by the next one.
    void end_step() {
        tape_.reset();
        arena_.reset();
        if (++step_ == 0) step_ = 1;
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

    Memory memory_;
    Arena<Memory> arena_{memory_};
    Tape tape_;
    std::uint32_t step_ = 1;
    bool scope_open_ = false;
};

/// The scope of one step: tensors and recordings that are made in it end with it, by exception too.
///     { Step step{device}; auto loss = ...; optimizer.step(backward(loss, network)); }
template <class D>
class Step {
public:
    explicit Step(D& device) : device_(device) {
        if (device.scope_open_) fail("Step", "one step of a device must end before the next one begins");
        device.scope_open_ = true;
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() {
        device_.end_step();
        device_.scope_open_ = false;
    }

private:
    D& device_;
};

}  // namespace gantry
