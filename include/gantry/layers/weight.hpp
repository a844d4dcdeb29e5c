#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/ops/axes.hpp>
#include <gantry/ops/index_map.hpp>
#include <gantry/ops/reduce.hpp>
#include <gantry/ops/reshape.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

// Layers that are another layer with a function of its weight in place of the weight: a layer's forward takes
// its parameters as arguments, so it computes with whatever weight it is given.

namespace gantry {

namespace detail {
template <class List>
struct WeightOf {
    static constexpr bool found = false;
};
template <class First, class... More>
struct WeightOf<core::ParameterList<First, More...>> {
    static constexpr bool found = std::string_view(First::name) == "weight" && First::shape::rank >= 2;
    using type = First;
    /// The list with another weight.
    template <class Other>
    using With = core::ParameterList<Other, More...>;
};
}  // namespace detail

namespace layers {
/// A layer without states whose first parameter is its weight: named "weight", with two or more axes. Dense,
/// convolutions and Embedding are.
template <class L>
concept HasWeight =
    detail::AnyLayer<L> && detail::WeightOf<typename L::Parameters>::found && L::State::count == 0;
/// The core::Parameter that is the weight of layer L.
template <HasWeight L>
using weight_of = typename detail::WeightOf<typename L::Parameters>::type;
/// The parameters of layer L with another first one.
template <HasWeight L, class Weight>
using parameters_with = typename detail::WeightOf<typename L::Parameters>::template With<Weight>;

/// Base of a layer that is Layer with a function of the weight in its place, as SpectralNorm is. The derived
/// layer has Parameters and State, a name, and a forward that calls
///     Layer::forward(pass, x, f(weight), more parameters of Layer...)
template <class Layer>
struct Reweighted {
    using Input = typename Layer::Input;
    static constexpr int features = Layer::features;
    template <int index, class X>
    using Fit = decltype(detail::layer_check<index, Layer, X>());
    static constexpr FeatureOrder feature_order = feature_order_of<Layer>;
    static constexpr bool fuses_activation = FusesActivation<Layer>;
    static constexpr bool takes_integers = layers::takes_integers<Layer>;
    static constexpr int output_axis = output_axis_of<Layer>;
};

/// The weight of layer L as a matrix, with one row or one column per output.
template <HasWeight L>
struct WeightMatrix {
    using shape = typename weight_of<L>::shape;                          ///< of the weight
    static constexpr int axis = ops::axis_of<shape>(output_axis_of<L>);  ///< that belongs to the outputs
    static constexpr bool rows_are_outputs = axis == 0;                  ///< not the columns
    static constexpr int outputs = ops::extent_of<shape>(axis);          ///< number of outputs
    static constexpr int inputs = static_cast<int>(shape::sample_size) / outputs;  ///< of each output
    /// The weight's shape for one output.
    using OneOutput =
        typename ops::ShapeOf<ops::without_axes<shape>(ops::axis_set<shape>({axis}), false)>::type;

    /// The weight w, a view if its outputs are the first or the last axis: Shape<outputs, inputs> if rows are
    /// outputs, otherwise Shape<inputs, outputs>.
    template <AnyTensor W>
    static auto of(const W& w) {
        if constexpr (rows_are_outputs)
            return reshape<Shape<outputs, inputs>>(w);
        else if constexpr (axis == shape::rank - 1)
            return reshape<Shape<inputs, outputs>>(w);
        else
            return reshape<Shape<inputs, outputs>>(transpose(w));
    }
};
}  // namespace layers

}  // namespace gantry
