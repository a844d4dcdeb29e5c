#pragma once
#include <gantry/layers/layer.hpp>
#include <gantry/ops/reshape.hpp>

#include <string>
#include <type_traits>

namespace gantry {

/// A view: no work, no memory.
struct ViewLayer : PlainLayer {
    static constexpr FeatureOrder feature_order = FeatureOrder::view;
    template <class X>
    static constexpr std::size_t flops = 0;
    template <class X>
    static constexpr std::size_t stored = 0;
};

/// Each item as one vector.
struct Flatten : ViewLayer {
    template <class X>
    struct OutputOf {
        using type = Shape<Batch, static_cast<int>(X::item_size)>;
    };
    template <class X>
    using Output =
        typename std::conditional_t<std::is_same_v<X, AnyShape>, std::type_identity<X>, OutputOf<X>>::type;
    static std::string name() { return "Flatten"; }
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return flatten(x);
    }
};

/// Each item in another shape with as many elements: `Reshape<28, 28, 1>`.
template <int... extents>
struct Reshape : ViewLayer {
    template <class X>
    struct OutputOf {
        using type = Shape<Batch, extents...>;
        // Not ||, which would look at the size of AnyShape, too.
        static_assert(
            std::disjunction_v<std::is_same<X, AnyShape>, ReshapeFits<X::item_size, type::item_size>>);
    };
    template <class X>
    using Output = typename OutputOf<X>::type;
    static std::string name() { return "Reshape"; }
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return reshape<Shape<Batch, extents...>>(x);
    }
};

}  // namespace gantry
