#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/affine.hpp>

#include <algorithm>
#include <string>
#include <type_traits>

namespace gantry {

/// Options of a Dense layer.
struct DenseOptions {
    bool bias = true;  ///< add a learned value to each output
};

namespace diagnosis {
/// Compile-time check of Dense's extents.
template <int inputs, int outputs>
struct DenseHasFeatures {
    static_assert(
        inputs > 0 && outputs > 0,
        "gantry: a Dense layer must have at least one input and one output: Dense<inputs, outputs>");
};
}  // namespace diagnosis

/// y = x W + b, Shape<Batch, inputs> -> Shape<Batch, outputs>. W is stored as (inputs, outputs), the
/// transpose of PyTorch's Linear, so that x and W are both read row by row; files use PyTorch's layout.
template <int inputs, int outputs = 0, DenseOptions options = DenseOptions{}>
struct Dense : layers::Part<Dense<inputs, outputs, options>> {
    static constexpr bool valid = inputs > 0 && outputs > 0;  ///< the condition of Valid
    using Valid = core::StaticCheck<valid, diagnosis::DenseHasFeatures<inputs, outputs>>;
    // Clamped to 1, so that invalid arguments fail in Valid only and not in Shape as well.
    static constexpr int rows = std::max(1, inputs), columns = std::max(1, outputs);  ///< of the weight
    using Weight = core::Parameter<"weight", Shape<rows, columns>, Role::weight, rows, columns,
                                   core::FileOrder::transposed>;
    using BiasParameter = core::Parameter<"bias", Shape<columns>, Role::bias, rows, columns>;
    using Parameters = std::conditional_t<options.bias, core::ParameterList<Weight, BiasParameter>,
                                          core::ParameterList<Weight>>;
    using State = core::ParameterList<>;
    using Input = Shape<Batch, rows>;
    static constexpr int features = inputs;
    static constexpr bool fuses_activation = true;
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::free;
    /// The same layer with outputs * factor outputs; see Maxout.
    template <int factor>
    using Widened = Dense<inputs, outputs * factor, options>;

    static std::string name() {
        return "Dense " + std::to_string(inputs) + " -> " + std::to_string(outputs) +
               (options.bias ? "" : ", no bias");
    }

    template <class P, AnyTensor X, AnyTensor W, AnyTensor... Bias>
    static auto forward(const P&, const X& x, const W& weight, const Bias&... bias) {
        return affine<P::activation.kind, typename P::Sum>(P::activation.parameter, x, weight, bias...);
    }
};

}  // namespace gantry
