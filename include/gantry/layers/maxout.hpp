#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/ops/maxout.hpp>

#include <algorithm>
#include <string>
#include <type_traits>

namespace gantry {

namespace detail {
/// Parameters of the widened layer with the fan-out of a single piece, which initialisers use.
template <int pieces, class List>
struct PiecesOf;
template <int pieces, class... P>
struct PiecesOf<pieces, ParameterList<P...>> {
    using Parameters = ParameterList<typename P::template WithFanOut<P::fan_out / pieces>...>;
};
}  // namespace detail

/// Compile-time check of the number of pieces.
template <int pieces>
struct MaxoutHasPieces {
    static_assert(pieces > 1, "gantry: a Maxout must have at least 2 pieces");
};

/// Elementwise maximum of `pieces` layers of one type, `Maxout<Dense<784, 240>, 5>`; shapes are those of
/// Layer. The pieces are computed as one layer with pieces * outputs outputs, one piece after the other: a
/// single product instead of `pieces`. Files hold that layer: output o of piece p is row p * outputs + o
/// of the weight. Source: Goodfellow et al., "Maxout networks" (2013), section 3.
template <class Layer, int pieces>
struct Maxout {
    using Valid = std::conditional_t<detail::options_check<Layer>::fits,
                                     detail::StaticCheck<(pieces > 1), MaxoutHasPieces<pieces>>,
                                     detail::options_check<Layer>>;
    static constexpr int count = std::max(1, pieces);  ///< number of pieces
    using Wide = typename Layer::template Widened<count>;
    using Parameters = typename detail::PiecesOf<count, typename Wide::Parameters>::Parameters;
    using State = typename Wide::State;
    using Input = typename Layer::Input;
    static constexpr int features = Layer::features;
    static constexpr FeatureOrder feature_order = feature_order_of<Layer>;
    template <int index, class X>
    using Fit = decltype(detail::layer_check<index, Layer, X>());
    template <class X>
    using Output = typename Layer::template Output<X>;
    template <class X>
    static constexpr std::size_t flops = Wide::template flops<X> + pieces* Output<X>::sample_size;
    template <class X>
    static constexpr std::size_t stored = Wide::template stored<X> + Output<X>::sample_size;

    static std::string name() { return "Maxout of " + std::to_string(pieces) + " " + Layer::name(); }

    template <class P, AnyTensor X, AnyTensor... More>
    static auto forward(const P& pass, const X& x, const More&... parameters) {
        return maxout<pieces>(Wide::forward(pass.template with<Activation{}>(), x, parameters...));
    }
};

}  // namespace gantry
