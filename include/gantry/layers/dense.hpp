#pragma once
#include <gantry/layers/layer.hpp>
#include <gantry/ops/affine.hpp>

#include <string>
#include <type_traits>

namespace gantry {

struct DenseOptions {
    bool bias = true;
};

/// y = x W + b, Shape<Batch, inputs> -> Shape<Batch, outputs>. W lies in memory as (inputs, outputs), the
/// transpose of PyTorch's Linear, so that rows of a batch meet rows of W; files have PyTorch's layout.
template <int inputs, int outputs, DenseOptions options = DenseOptions{}>
struct Dense {
    static_assert(inputs > 0 && outputs > 0, "gantry: a Dense layer has inputs and outputs");
    using Weight =
        Parameter<"weight", Shape<inputs, outputs>, Role::weight, inputs, outputs, FileOrder::transposed>;
    using BiasParameter = Parameter<"bias", Shape<outputs>, Role::bias, inputs, outputs>;
    using Parameters =
        std::conditional_t<options.bias, ParameterList<Weight, BiasParameter>, ParameterList<Weight>>;
    using State = ParameterList<>;
    using Input = Shape<Batch, inputs>;
    static constexpr int features = inputs;
    template <class X>
    using Output = Shape<Batch, outputs>;
    template <class X>
    static constexpr std::size_t flops = std::size_t{2} * inputs* outputs + (options.bias ? outputs : 0);
    template <class X>
    static constexpr std::size_t stored = outputs;
    static constexpr bool fuses_activation = true;
    static constexpr FeatureOrder feature_order = FeatureOrder::free;
    /// The same layer with `factor` times as many outputs; see Maxout.
    template <int factor>
    using Widened = Dense<inputs, outputs * factor, options>;

    static std::string name() {
        return "Dense " + std::to_string(inputs) + " -> " + std::to_string(outputs) +
               (options.bias ? "" : ", no bias");
    }

    template <class P, AnyTensor X, AnyTensor W, AnyTensor... Bias>
    static auto forward(const P&, const X& x, const W& weight, const Bias&... bias) {
        return affine<P::activation.kind>(P::activation.parameter, x, weight, bias...);
    }
};

}  // namespace gantry
