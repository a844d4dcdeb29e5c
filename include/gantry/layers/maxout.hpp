#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
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
struct PiecesOf<pieces, core::ParameterList<P...>> {
    using Parameters = core::ParameterList<typename P::template WithFanOut<P::fan_out / pieces>...>;
};
}  // namespace detail

namespace diagnosis {
/// Compile-time check that a layer can be widened.
template <class Given>
struct MaxoutTakesLayer {
    static_assert(
        sizeof(Given) == 0,
        "gantry: the pieces of a Maxout are Dense or Conv2d layers, or others with a member Widened: "
        "Maxout<Dense<784, 240>, 5> (see MaxoutTakesLayer<given>)");
};
/// Compile-time check of the number of pieces.
template <int pieces>
struct MaxoutHasPieces {
    static_assert(pieces > 1, "gantry: a Maxout must have at least 2 pieces");
};
}  // namespace diagnosis

namespace detail {
template <class Layer>
concept HasWidened = requires { typename Layer::template Widened<1>; };
template <class Layer>
concept Container = requires { typename Layer::NestedTag; };
/// Layer, or the identity for what cannot be a piece, so that only MaxoutTakesLayer is reported.
template <class Layer>
using PieceOf = std::conditional_t<AnyLayer<Layer> && !Container<Layer>, Layer, layers::PlainLayer>;
template <class Layer>
using PieceCheck = std::conditional_t<HasWidened<Layer>, options_check<PieceOf<Layer>>,
                                      core::StaticCheck<false, diagnosis::MaxoutTakesLayer<Layer>>>;

/// The widened layer; the layer itself if it cannot be widened.
template <class Layer, int factor>
struct WidenedOf {
    using type = Layer;
};
template <HasWidened Layer, int factor>
struct WidenedOf<Layer, factor> {
    using type = typename Layer::template Widened<factor>;
};
}  // namespace detail

/// Elementwise maximum of `pieces` layers of one type, `Maxout<Dense<784, 240>, 5>`; shapes are those of
/// Layer. The pieces are computed as one layer with pieces * outputs outputs, one piece after the other: a
/// single product instead of `pieces`. Files hold that layer: output o of piece p is row p * outputs + o
/// of the weight. Source: Goodfellow et al., "Maxout networks" (2013), section 3.
template <class Layer, int pieces>
struct Maxout : layers::Part<Maxout<Layer, pieces>> {
    using Piece = detail::PieceOf<Layer>;  ///< type of the pieces
    using Valid = std::conditional_t<detail::PieceCheck<Layer>::fits,
                                     core::StaticCheck<(pieces > 1), diagnosis::MaxoutHasPieces<pieces>>,
                                     detail::PieceCheck<Layer>>;
    static constexpr int count = std::max(1, pieces);  ///< number of pieces
    using Wide = typename detail::WidenedOf<Piece, count>::type;
    using Parameters = typename detail::PiecesOf<count, typename Wide::Parameters>::Parameters;
    using State = typename Wide::State;
    using Input = typename Piece::Input;
    static constexpr int features = Piece::features;
    static constexpr layers::FeatureOrder feature_order = layers::feature_order_of<Piece>;
    template <int index, class X>
    using Fit = decltype(detail::layer_check<index, Piece, X>());

    static std::string name() { return "Maxout of " + std::to_string(pieces) + " " + Piece::name(); }

    template <class P, AnyTensor X, AnyTensor... More>
    static auto forward(const P& pass, const X& x, const More&... parameters) {
        return maxout<pieces>(Wide::forward(pass.template with<contracts::Activation{}>(), x, parameters...));
    }
};

}  // namespace gantry
