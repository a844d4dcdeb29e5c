#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/math.hpp>
#include <gantry/ops/arithmetic.hpp>

#include <string_view>

// Functions with kinks. Their derivatives there, and for NaN, are PyTorch's.

namespace gantry {

namespace ops {
/// 1 for x > 0, -1 for x < 0, else 0. A step function: its derivative is 0.
struct Sign {
    static constexpr std::string_view name = "sign";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        const V zero = math::constant<V>(0);
        return math::select(x > zero, math::constant<V>(1),
                            math::select(x < zero, math::constant<V>(-1), zero));
    }
    template <class V>
    void vjp(const V&, const V&, const V&) const {}
};

/// |x|
struct Abs {
    static constexpr std::string_view name = "abs";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::abs(x);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return upstream * sign(x); });
    }
};

/// upstream where low <= x <= high, else 0.
struct ClampGradient {
    static constexpr std::string_view name = "clamp_gradient";
    double low, high;  ///< constants
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V x) const {
        const V zero = math::constant<V>(0);
        return math::select(x >= math::constant<V>(low),
                            math::select(x <= math::constant<V>(high), upstream, zero), zero);
    }
    template <class V>
    void vjp(const V& v, const V&, const V& upstream, const V& x) const {
        accumulate_grad(upstream, [&] { return elementwise(*this, v, x); });
    }
};

/// The nearest number to x in [low, high].
struct Clamp {
    static constexpr std::string_view name = "clamp";
    double low, high;  ///< constants
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::min(math::max(x, math::constant<V>(low)), math::constant<V>(high));
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return elementwise(ClampGradient{low, high}, upstream, x); });
    }
};

/// upstream where a > b, half of it where they are equal, 0 where a < b: the gradient of max(a, b) by a, and
/// of min(a, b) by b. Where one is NaN, upstream.
struct LargerGradient {
    static constexpr std::string_view name = "larger_gradient";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V upstream, V a, V b) const {
        return math::select(a < b, math::constant<V>(0),
                            math::select(a == b, math::constant<V>(0.5) * upstream, upstream));
    }
    template <class V>
    void vjp(const V& v, const V&, const V& upstream, const V& a, const V& b) const {
        accumulate_grad(upstream, [&] { return elementwise(*this, v, a, b); });
    }
};

/// The larger of a and b; NaN if one is.
struct Maximum {
    static constexpr std::string_view name = "maximum";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V a, V b) const {
        return math::max(a, b);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& a, const V& b) const {
        accumulate_grad(a, [&] { return elementwise(LargerGradient{}, upstream, a, b); });
        accumulate_grad(b, [&] { return elementwise(LargerGradient{}, upstream, b, a); });
    }
};

/// The smaller of a and b; NaN if one is.
struct Minimum {
    static constexpr std::string_view name = "minimum";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V a, V b) const {
        return math::min(a, b);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& a, const V& b) const {
        accumulate_grad(a, [&] { return elementwise(LargerGradient{}, upstream, b, a); });
        accumulate_grad(b, [&] { return elementwise(LargerGradient{}, upstream, a, b); });
    }
};
}  // namespace ops

/// |x| elementwise: S -> S. The derivative at 0 is 0.
template <AnyTensor X>
auto abs(const X& x) {
    return elementwise(ops::Abs{}, x);
}
/// -1, 0 or 1, elementwise: S -> S; 0 for NaN. A step function, so the result requires no gradient.
template <AnyTensor X>
auto sign(const X& x) {
    return elementwise(ops::Sign{}, detach(x));
}
/// min(max(x, low), high), elementwise: S -> S. The derivative is 1 for low <= x <= high, else 0. A bound may
/// be infinite. Errors: low > high, or a bound is NaN.
template <AnyTensor X>
auto clamp(const X& x, double low, double high) {
    if (math::is_nan(low) || math::is_nan(high) || low > high)
        fail("clamp", "the low bound must be at most the high bound", low, " and ", high);
    return elementwise(ops::Clamp{low, high}, x);
}
/// The larger of a and b, a tensor or a number, elementwise; NaN if one is. Smaller operands are broadcast,
/// see `elementwise`. Where both are equal, each gets half of the gradient.
template <AnyTensor A, ops::TensorOrNumber B>
auto maximum(const A& a, const B& b) {
    return elementwise(ops::Maximum{}, a, ops::as_tensor(b, a));
}
/// The smaller of a and b, a tensor or a number, elementwise; NaN if one is. Smaller operands are broadcast,
/// see `elementwise`. Where both are equal, each gets half of the gradient.
template <AnyTensor A, ops::TensorOrNumber B>
auto minimum(const A& a, const B& b) {
    return elementwise(ops::Minimum{}, a, ops::as_tensor(b, a));
}

}  // namespace gantry
