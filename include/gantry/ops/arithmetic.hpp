#pragma once
#include <gantry/core/math.hpp>
#include <gantry/ops/elementwise.hpp>

#include <string_view>
#include <type_traits>

namespace gantry {

namespace ops {
// Elementwise functors with their derivatives, and the functions and operators that apply them to tensors.

/// a + b
struct Add {
    static constexpr std::string_view name = "add";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V a, V b) const {
        return a + b;
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& a, const V& b) const {
        accumulate_grad(a, [&] { return upstream; });
        accumulate_grad(b, [&] { return upstream; });
    }
};

/// An arithmetic type, as the other operand of a tensor. The operators deduce the type of the number. With a
/// fixed type such as double, `std::chrono::seconds{1} * 2` would instantiate an operator on two built-in
/// types, which clang rejects before it checks the constraint.
template <class N>
concept Number = std::is_arithmetic_v<N>;

/// An operand of an op that takes numbers, too.
template <class X>
concept TensorOrNumber = AnyTensor<X> || Number<X>;

/// A tensor as it is; a number as a scalar tensor with the scalar type and device of `like`.
template <TensorOrNumber X, AnyTensor Like>
auto as_tensor(const X& x, const Like& like) {
    if constexpr (AnyTensor<X>)
        return x;
    else
        return filled<Shape<>, typename Like::scalar>(like.value().live_device(), 0, static_cast<double>(x));
}

/// factor x + shift
struct ScaleShift {
    static constexpr std::string_view name = "scale_shift";
    double factor = 1, shift = 0;  ///< constants
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::constant<V>(factor) * x + math::constant<V>(shift);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return elementwise(ScaleShift{factor}, upstream); });
    }
};

/// a - b
struct Subtract {
    static constexpr std::string_view name = "subtract";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V a, V b) const {
        return a - b;
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& a, const V& b) const {
        accumulate_grad(a, [&] { return upstream; });
        accumulate_grad(b, [&] { return -upstream; });
    }
};

/// a * b
struct Multiply {
    static constexpr std::string_view name = "multiply";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V a, V b) const {
        return a * b;
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& a, const V& b) const {
        accumulate_grad(a, [&] { return upstream * b; });
        accumulate_grad(b, [&] { return upstream * a; });
    }
};

/// a / b
struct Divide {
    static constexpr std::string_view name = "divide";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V a, V b) const {
        return a / b;
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& a, const V& b) const {
        accumulate_grad(a, [&] { return elementwise(Divide{}, upstream, b); });
        accumulate_grad(b, [&] { return -(upstream * elementwise(Divide{}, y, b)); });
    }
};

/// numerator / x
struct Inverse {
    static constexpr std::string_view name = "inverse";
    double numerator = 1;  ///< a constant
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::constant<V>(numerator) / x;
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const {
        accumulate_grad(x, [&] { return -(upstream * (y / x)); });
    }
};

/// x^exponent
struct Power {
    static constexpr std::string_view name = "pow";
    double exponent;  ///< a constant
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::pow(x, exponent);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] {
            // For exponent 0 the product is 0 times infinity at x = 0.
            return exponent == 0 ? 0.0 * upstream
                                 : exponent * (upstream * elementwise(Power{exponent - 1}, x));
        });
    }
};

/// x^2
struct Square {
    static constexpr std::string_view name = "square";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return x * x;
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return 2.0 * (upstream * x); });
    }
};

/// Square root. The derivative is infinite at 0.
struct Sqrt {
    static constexpr std::string_view name = "sqrt";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::sqrt(x);
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const {
        accumulate_grad(x, [&] { return 0.5 * (upstream / y); });
    }
};

/// 1 / sqrt(x), for x > 0
struct InverseSqrt {
    static constexpr std::string_view name = "inverse_sqrt";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::constant<V>(1) / math::sqrt(x);
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const {
        accumulate_grad(x, [&] { return -0.5 * (upstream * (y * y * y)); });
    }
};

/// e^x
struct Exp {
    static constexpr std::string_view name = "exp";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::exp(x);
    }
    template <class V>
    void vjp(const V& upstream, const V& y, const V& x) const {
        accumulate_grad(x, [&] { return upstream * y; });
    }
};

/// Natural logarithm, for x > 0.
struct Log {
    static constexpr std::string_view name = "log";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::log(x);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return upstream / x; });
    }
};
}  // namespace ops

/// a + b elementwise; smaller operands are broadcast, see `elementwise`.
template <AnyTensor A, AnyTensor B>
auto operator+(const A& a, const B& b) {
    return elementwise(ops::Add{}, a, b);
}
/// factor * a, elementwise.
template <ops::Number N, AnyTensor A>
auto operator*(N factor, const A& a) {
    return elementwise(ops::ScaleShift{static_cast<double>(factor)}, a);
}
/// a * factor, elementwise.
template <AnyTensor A, ops::Number N>
auto operator*(const A& a, N factor) {
    return elementwise(ops::ScaleShift{static_cast<double>(factor)}, a);
}
/// a / divisor, elementwise, computed as a * (1 / divisor).
template <AnyTensor A, ops::Number N>
auto operator/(const A& a, N divisor) {
    return elementwise(ops::ScaleShift{1 / static_cast<double>(divisor)}, a);
}
/// a + shift, elementwise.
template <AnyTensor A, ops::Number N>
auto operator+(const A& a, N shift) {
    return elementwise(ops::ScaleShift{1, static_cast<double>(shift)}, a);
}
/// shift + a, elementwise.
template <ops::Number N, AnyTensor A>
auto operator+(N shift, const A& a) {
    return elementwise(ops::ScaleShift{1, static_cast<double>(shift)}, a);
}
/// a - shift, elementwise.
template <AnyTensor A, ops::Number N>
auto operator-(const A& a, N shift) {
    return elementwise(ops::ScaleShift{1, -static_cast<double>(shift)}, a);
}
/// from - a, elementwise.
template <ops::Number N, AnyTensor A>
auto operator-(N from, const A& a) {
    return elementwise(ops::ScaleShift{-1, static_cast<double>(from)}, a);
}
/// -a, elementwise.
template <AnyTensor A>
auto operator-(const A& a) {
    return elementwise(ops::ScaleShift{-1}, a);
}
/// a - b elementwise; smaller operands are broadcast, see `elementwise`.
template <AnyTensor A, AnyTensor B>
auto operator-(const A& a, const B& b) {
    return elementwise(ops::Subtract{}, a, b);
}
/// a * b elementwise; smaller operands are broadcast, see `elementwise`. For the matrix product see matmul.
template <AnyTensor A, AnyTensor B>
auto operator*(const A& a, const B& b) {
    return elementwise(ops::Multiply{}, a, b);
}
/// a / b elementwise; smaller operands are broadcast, see `elementwise`.
template <AnyTensor A, AnyTensor B>
auto operator/(const A& a, const B& b) {
    return elementwise(ops::Divide{}, a, b);
}
/// numerator / a, elementwise.
template <ops::Number N, AnyTensor A>
auto operator/(N numerator, const A& a) {
    return elementwise(ops::Inverse{static_cast<double>(numerator)}, a);
}
/// a^exponent elementwise, with a constant exponent: S -> S. NaN for a < 0 unless the exponent is an integer.
/// `square`, `sqrt` and `inverse_sqrt` are faster for their exponents.
template <AnyTensor A>
auto pow(const A& a, double exponent) {
    return elementwise(ops::Power{exponent}, a);
}
/// Does not compile: the exponent is a tensor.
template <AnyTensor A, AnyTensor B>
auto pow(const A& a, const B&) {
    static_assert(sizeof(B) == 0,
                  "gantry: the exponent of pow is a number: for a tensor b write exp(b * log(a))");
    return a;
}
/// a^2 elementwise: S -> S.
template <AnyTensor A>
auto square(const A& a) {
    return elementwise(ops::Square{}, a);
}
/// Square root, elementwise, for a > 0: S -> S. The derivative is infinite at 0; add a small constant first
/// where a can be 0.
template <AnyTensor A>
auto sqrt(const A& a) {
    return elementwise(ops::Sqrt{}, a);
}
/// 1 / sqrt(a) elementwise, for a > 0: S -> S.
template <AnyTensor A>
auto inverse_sqrt(const A& a) {
    return elementwise(ops::InverseSqrt{}, a);
}
/// e^a elementwise: S -> S.
template <AnyTensor A>
auto exp(const A& a) {
    return elementwise(ops::Exp{}, a);
}
/// Natural logarithm, elementwise, for a > 0: S -> S.
template <AnyTensor A>
auto log(const A& a) {
    return elementwise(ops::Log{}, a);
}

}  // namespace gantry
