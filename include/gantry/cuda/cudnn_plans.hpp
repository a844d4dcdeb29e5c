#pragma once
#include <gantry/cuda/cudnn_convolution.hpp>

#include <deque>
#include <optional>
#include <utility>

namespace gantry::cuda {

/// Caches the plans of a device's convolutions. Each is chosen once, at the first convolution of its shape. A
/// network has a few dozen: a linear search costs less than describing one convolution to cuDNN.
class CudnnPlans {
public:
    /// The plan for a shape, or null if cuDNN has no suitable one. For a new shape `choose` is called, which
    /// returns std::optional<CudnnPlan>; if it throws, nothing is cached.
    template <class Choose>
    const CudnnPlan* find(ConvolutionDirection direction, const contracts::ConvolutionGeometry& geometry,
                          cudnnDataType_t type, const Choose& choose) {
        for (const Entry& entry : entries_)
            if (entry.direction == direction && entry.geometry == geometry && entry.type == type)
                return entry.get();
        return entries_.emplace_back(Entry{direction, geometry, type, choose()}).get();
    }

    /// The GPU that plans are made for; queried at the first call.
    const CudnnDescriptor& gpu(cudnnHandle_t handle) {
        if (!gpu_) gpu_.emplace(cudnn_gpu(handle));
        return *gpu_;
    }

private:
    struct Entry {
        ConvolutionDirection direction;
        contracts::ConvolutionGeometry geometry;
        cudnnDataType_t type;
        std::optional<CudnnPlan> plan;

        const CudnnPlan* get() const { return plan ? &*plan : nullptr; }
    };
    std::deque<Entry> entries_;  // not a vector: pointers to plans must stay valid
    std::optional<CudnnDescriptor> gpu_;
};

}  // namespace gantry::cuda
