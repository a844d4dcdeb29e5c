#pragma once
#include <gantry/core/device.hpp>
#include <gantry/meta/feature_tracker.hpp>
#include <gantry/meta/flops.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

namespace gantry {

namespace core {
/// Addresses with nothing behind them, each given out once.
class MetaMemory {
public:
    /// Returns the next free address.
    void* allocate(std::size_t bytes) {
        const std::uintptr_t address = next_;
        next_ += bytes;
        return reinterpret_cast<void*>(address);  // NOLINT: never dereferenced
    }
    void release(void*, std::size_t) {}
    void fill(void*, std::byte, std::size_t) {}
    /// What is read are zeros.
    void copy_to_host(void* host, const void*, std::size_t bytes) { std::memset(host, 0, bytes); }
    void copy_from_host(void*, const void*, std::size_t) {}

private:
    std::uintptr_t next_ = std::uintptr_t{1} << 20;
};

/// A device that computes nothing and counts: a forward pass on it gives the shapes of its results, its
/// floating-point operations and the memory of its activations. Nothing is recorded, so no derivative is
/// compiled for it; see Meta for whole steps.
class ForwardMeta : public Device<core::MetaMemory> {
public:
    static constexpr bool records = false;  ///< see Device
    /// Called by run_op for each op.
    template <class Ref>
    void ran(const Ref& y, std::initializer_list<Ref> inputs) {
        features.ran(y, inputs);
    }

    /// The leaf layer is an activation that the layer before it has applied to y in its own kernel.
    template <class Ref>
    void count_fused(const Ref& y) {
        if (!calls.empty()) calls.back().flops -= y.size();
        calls.push_back({leaf++, y.extents, y.size(), 0});
    }

    /// A call of a leaf layer, one that is no container.
    struct LayerCall {
        std::size_t leaf;          ///< number of the layer; see `leaf`
        Extents output;            ///< of its result
        std::size_t flops, bytes;  ///< by how much the call increased those of the device
    };

    FeatureTracker features;  ///< follows flattened images
    std::size_t flops = 0;    ///< floating-point operations so far
    std::size_t bytes = 0;    ///< size of the tensors made so far
    std::size_t leaf = 0;     ///< number of the leaf layer that is called next, in the order of parameters
    std::vector<LayerCall> calls;  ///< of leaf layers
};

/// Counts the operations of a kernel.
template <class P>
void launch(ForwardMeta& device, const P& p) {
    device.flops += contracts::flops(p);
}
}  // namespace core

}  // namespace gantry
