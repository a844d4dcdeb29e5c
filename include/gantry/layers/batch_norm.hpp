#pragma once
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/batch_norm.hpp>

#include <string>
#include <type_traits>

namespace gantry {

/// Batch normalisation over the last extent: features of Shape<Batch, N>, channels of images; any shape ->
/// the same shape. Training mode normalises with batch statistics and updates the running statistics;
/// evaluation mode uses the running statistics. See batch_norm. Source: Ioffe and Szegedy, "Batch
/// normalization" (2015), with the conventions of PyTorch's BatchNorm1d and BatchNorm2d. PyTorch's momentum =
/// None (cumulative average) is not supported.
template <int feature_count, BatchNormOptions options = BatchNormOptions{}>
struct BatchNorm : layers::Part<BatchNorm<feature_count, options>> {
    using Parameters =
        std::conditional_t<options.affine,
                           core::ParameterList<core::Parameter<"weight", Shape<feature_count>, Role::scale>,
                                               core::Parameter<"bias", Shape<feature_count>, Role::shift>>,
                           core::ParameterList<>>;
    using State =
        core::ParameterList<core::Parameter<"running_mean", Shape<feature_count>, Role::running_mean>,
                            core::Parameter<"running_var", Shape<feature_count>, Role::running_variance>>;
    using Input = core::AnyShape;
    static constexpr int features = feature_count;
    static constexpr bool fuses_activation = true, keeps_shape = true;
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::kept;

    static std::string name() {
        return "BatchNorm " + std::to_string(feature_count) + (options.affine ? "" : ", not affine");
    }

    /// `more`: scale and shift if affine, then running mean and running variance.
    template <class P, AnyTensor X, AnyTensor... More>
    static auto forward(const P&, const X& x, const More&... more) {
        // The batch norm kernels fuse only the identity and leaky_relu.
        constexpr bool fuses = P::activation.kind == contracts::ActivationKind::identity ||
                               P::activation.kind == contracts::ActivationKind::leaky_relu;
        constexpr contracts::Activation fused = fuses ? P::activation : contracts::Activation{};
        const auto y = [&] {
            if constexpr (P::training)
                return batch_norm<fused.kind, typename P::Sum>(x, more..., options, fused.parameter);
            else
                return batch_norm_evaluation<fused.kind, typename P::Sum>(x, more..., options,
                                                                          fused.parameter);
        }();
        if constexpr (fuses)
            return y;
        else
            return elementwise(ops::ActivationFunction<P::activation.kind>{P::activation.parameter}, y);
    }
};

/// PyTorch's name for images. Features are the last extent of any shape, so it is the same layer.
template <int channels, BatchNormOptions options = BatchNormOptions{}>
using BatchNorm2d = BatchNorm<channels, options>;

}  // namespace gantry
