#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/reshape.hpp>

#include <string>
#include <type_traits>

namespace gantry {

namespace layers {
/// Base of layers whose result is a view of the input: no computation, no memory.
struct ViewLayer : PlainLayer {
    static constexpr FeatureOrder feature_order = FeatureOrder::view;
};
}  // namespace layers

/// Each sample as a vector: Shape<Batch, E...> -> Shape<Batch, product of E...>. A view.
struct Flatten : layers::ViewLayer, layers::Part<Flatten> {
    static std::string name() { return "Flatten"; }
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return flatten(x);
    }
};

namespace detail {
template <int... extents>
inline constexpr bool are_sample_extents = sizeof...(extents) > 0 &&
                                           sizeof...(extents) < core::Extents::max_rank &&
                                           ((extents > 0) && ...);
}  // namespace detail

namespace diagnosis {
template <int... extents>
struct AreSampleExtents {
    static_assert(detail::are_sample_extents<extents...>,
                  "gantry: InputShape and Reshape take the 1 to 3 extents of a sample, without Batch: "
                  "InputShape<28, 28, 1>");
};
}  // namespace diagnosis

namespace detail {
template <int... extents>
struct BatchOf {
    using type = core::AnyShape;
};
template <int... extents>
    requires are_sample_extents<extents...>
struct BatchOf<extents...> {
    using type = Shape<Batch, extents...>;
};
/// Base of InputShape and Reshape.
template <int... extents>
struct SampleLayer : layers::ViewLayer {
    using Valid = core::StaticCheck<are_sample_extents<extents...>, diagnosis::AreSampleExtents<extents...>>;
    using Items = typename BatchOf<extents...>::type;
};
}  // namespace detail

/// Each sample in another shape with the same number of elements: `Reshape<28, 28, 1>`. A view.
template <int... extents>
struct Reshape : detail::SampleLayer<extents...>, layers::Part<Reshape<extents...>> {
    template <class>
    using Output = typename Reshape::Items;
    template <int index, class X>
    using Fit = core::StaticCheck<X::sample_size == Output<X>::sample_size,
                                  diagnosis::ReshapeFits<X::sample_size, Output<X>::sample_size>>;
    static std::string name() { return "Reshape"; }
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return reshape<Shape<Batch, extents...>>(x);
    }
};

}  // namespace gantry
