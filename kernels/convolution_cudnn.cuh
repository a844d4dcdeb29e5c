#pragma once
#include "bias_activation.cuh"
#include "transpose.cuh"
#include <gantry/contracts/convolution.hpp>
#include <gantry/cuda/cudnn_plans.hpp>
#include <gantry/cuda/timer.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry::cuda {

// clang-format off
// Convolutions by cuDNN. Memory layouts:
//
//                images                           filters
//     cuDNN      (image, row, column, channel)    (out, row, column, in)
//     gantry     (image, row, column, channel)    (row, column, in, out)
// clang-format on
//
// So weights are transposed, and transposed weights are kept for the rest of the step (cudnn_filters.hpp).
// The filter gradient is computed in the first part of the workspace; cuDNN uses the rest. A separate kernel
// applies bias and activation.

/// Benchmarks `plans`, which are in the order of cuDNN's heuristics, and returns the fastest on this GPU. A
/// later plan must be faster by 10 %, so that timing noise rarely changes the choice and with it the bits of
/// the result. `run(plan, workspace)` enqueues a plan; it may be called any number of times.
template <class Run>
std::optional<CudnnPlan> fastest_plan(Cuda& device, std::vector<CudnnPlan> plans, const Run& run) {
    constexpr int rounds = 3, runs = 5;
    if (plans.size() <= 1) return plans.empty() ? std::nullopt : std::optional(std::move(plans.front()));
    Stream& stream = device.memory().stream();
    stream.flush();
    std::size_t bytes = 0;
    for (const CudnnPlan& plan : plans) bytes = std::max(bytes, plan.workspace);
    Workspace workspace(device.memory());  // the device's own grows only for the chosen plan
    workspace.grow(bytes);
    Timer timer(stream);
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < plans.size(); ++i) {
        double time = std::numeric_limits<double>::infinity();
        run(plans[i], workspace.data());
        for (int round = 0; round < rounds; ++round) {
            timer.start();
            for (int k = 0; k < runs; ++k) run(plans[i], workspace.data());
            time = std::min(time, timer.stop());
        }
        if (time < 0.9 * least) {
            least = time;
            best = i;
        }
    }
    return std::move(plans[best]);
}

/// A cuDNN convolution in one direction. x, y and w are its tensors, in the layouts of cuDNN.
template <ConvolutionDirection direction, class T>
class CudnnCall {
public:
    CudnnCall(Cuda& device, const contracts::ConvolutionGeometry& g) : device_(device), geometry_(g) {}

    /// Runs the convolution, and returns false without doing anything if cuDNN has no suitable plan.
    /// `filter()` returns w and is called only if there is a plan.
    template <class Filter>
    bool run(const T* x, const T* y, const Filter& filter) {
        if (!cudnn_knows(geometry_) || !aligned(x, y)) return false;
        const auto execute = [&](const CudnnPlan& plan, const void* w, void* workspace) {
            cudnn_execute(device_.cudnn(), plan, x, y, w, workspace);
        };
        const CudnnPlan* const plan =
            device_.cudnn_plans().find(direction, geometry_, type, [&]() -> std::optional<CudnnPlan> {
                auto plans = candidates();
                if (plans.empty()) return {};
                return fastest_plan(device_, std::move(plans), [&](const CudnnPlan& p, void* workspace) {
                    execute(p, filter(), workspace);
                });
            });
        device_.log()([&] { return description(plan); });
        if (!plan) return false;
        auto* const memory = static_cast<std::byte*>(device_.workspace(reserved_bytes() + plan->workspace));
        execute(*plan, filter(), memory + reserved_bytes());
        return true;
    }

    /// gantry's weights in the layout of a cuDNN filter. If `stays` (see
    /// ConvolutionParameters::weights_are_constant), the transposed copy is cached for the rest of the step.
    const T* filter_of(const T* w, bool stays) {
        const std::size_t bytes = geometry_.w_size() * sizeof(T);
        const auto make = [&] {
            auto* filter = static_cast<T*>(device_.arena().allocate(bytes));
            transpose(device_, w, filter, filter_rows(), geometry_.out_channels);
            return filter;
        };
        if (!stays) return make();
        CudnnFilters& filters = device_.cudnn_filters();
        void* filter = filters.find(w, bytes, {device_.step(), device_.tape().overwrites()});
        if (!filter) filters.keep(w, bytes, filter = make());
        return static_cast<const T*>(filter);
    }
    /// Where cuDNN writes the filter gradient, which take_filter_gradient transposes into the gradient of w.
    T* filter_gradient() { return static_cast<T*>(device_.workspace(reserved_bytes())); }
    void take_filter_gradient(T* w, bool accumulate) {
        transpose(device_, static_cast<const T*>(filter_gradient()), w, geometry_.out_channels, filter_rows(),
                  accumulate);
    }

private:
    static constexpr cudnnDataType_t type = std::is_same_v<T, float> ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;

    std::vector<CudnnPlan> candidates() {
        const CudaOptions& options = device_.options();
        constexpr std::size_t measured = 8;
        return cudnn_plans(device_.cudnn_plans().gpu(device_.cudnn()), direction, geometry_, type,
                           {options.tf32, options.deterministic, device_.workspace_limit()},
                           options.measure ? measured : 1);
    }
    std::string description(const CudnnPlan* plan) const {
        const std::string convolution = describe(geometry_, direction) + ": ";
        if (!plan) return convolution + "tiled, since cuDNN has no engine that will do";
        return convolution + "cuDNN engine " + std::to_string(plan->engine) +
               (plan->tensor_cores ? " on tensor cores" : "") + ", workspace " +
               std::to_string(plan->workspace) + " bytes";
    }
    int filter_rows() const {
        return geometry_.vertical.size * geometry_.horizontal.size * geometry_.in_channels;
    }
    /// Bytes at the start of the workspace that cuDNN must not use.
    std::size_t reserved_bytes() const {
        if constexpr (direction == ConvolutionDirection::backward_filter)
            return ceil_div<std::size_t>(geometry_.w_size() * sizeof(T), 256) * 256;
        else
            return 0;
    }

    Cuda& device_;
    contracts::ConvolutionGeometry geometry_;
};

// Each returns false, without doing anything, if cuDNN has no plan for the geometry that satisfies
// CudaOptions.

template <class T>
bool convolution_cudnn(Cuda& device, const contracts::ConvolutionParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    CudnnCall<ConvolutionDirection::forward, T> call(device, g);
    const T* filter = nullptr;
    const auto w = [&] { return filter ? filter : filter = call.filter_of(p.w, p.weights_are_constant); };
    if (!call.run(p.x, p.y, w)) return false;
    add_bias_and_activate(device, p.y, g.y_size() / g.out_channels, g.out_channels, p.bias, p.activation);
    return true;
}

template <class T>
bool convolution_cudnn(Cuda& device, const contracts::ConvolutionTransposedParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    CudnnCall<ConvolutionDirection::backward_data, T> call(device, g);
    const T* filter = nullptr;
    const auto w = [&] { return filter ? filter : filter = call.filter_of(p.w, p.weights_are_constant); };
    if (!call.run(p.x, p.y, w)) return false;
    add_bias_and_activate(device, p.x, g.x_size() / g.in_channels, g.in_channels, p.bias, p.activation);
    return true;
}

template <class T>
bool convolution_cudnn(Cuda& device, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    CudnnCall<ConvolutionDirection::backward_filter, T> call(device, p.geometry);
    if (!call.run(p.x, p.y, [&] { return call.filter_gradient(); })) return false;
    call.take_filter_gradient(p.w, p.accumulate);
    return true;
}

}  // namespace gantry::cuda
