#pragma once
#include <gantry/core/math.hpp>
#include <gantry/ops/elementwise.hpp>

#include <string_view>
#include <type_traits>

namespace gantry {

// Functors, each with its derivative, and the functions and operators on tensors.

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
template <AnyTensor A, AnyTensor B>
auto operator+(const A& a, const B& b) {
    return elementwise(Add{}, a, b);
}

/// A number beside a tensor. Deduced, so that an operator of a tensor and a number never turns into one of
/// two built-in types, which clang refuses before it looks at the constraint (`std::chrono::seconds{1} * 2`).
template <class N>
concept Number = std::is_arithmetic_v<N>;

/// factor x + shift
struct ScaleShift {
    static constexpr std::string_view name = "scale_shift";
    double factor = 1, shift = 0;
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return math::constant<V>(factor) * x + math::constant<V>(shift);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return elementwise(ScaleShift{factor}, upstream); });
    }
};
template <Number N, AnyTensor A>
auto operator*(N factor, const A& a) {
    return elementwise(ScaleShift{static_cast<double>(factor)}, a);
}
template <AnyTensor A, Number N>
auto operator*(const A& a, N factor) {
    return elementwise(ScaleShift{static_cast<double>(factor)}, a);
}
template <AnyTensor A, Number N>
auto operator/(const A& a, N divisor) {
    return elementwise(ScaleShift{1 / static_cast<double>(divisor)}, a);
}
template <AnyTensor A, Number N>
auto operator+(const A& a, N shift) {
    return elementwise(ScaleShift{1, static_cast<double>(shift)}, a);
}
template <Number N, AnyTensor A>
auto operator+(N shift, const A& a) {
    return elementwise(ScaleShift{1, static_cast<double>(shift)}, a);
}
template <AnyTensor A, Number N>
auto operator-(const A& a, N shift) {
    return elementwise(ScaleShift{1, -static_cast<double>(shift)}, a);
}
template <Number N, AnyTensor A>
auto operator-(N from, const A& a) {
    return elementwise(ScaleShift{-1, static_cast<double>(from)}, a);
}
template <AnyTensor A>
auto operator-(const A& a) {
    return elementwise(ScaleShift{-1}, a);
}

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
template <AnyTensor A, AnyTensor B>
auto operator-(const A& a, const B& b) {
    return elementwise(Subtract{}, a, b);
}

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
template <AnyTensor A, AnyTensor B>
auto operator*(const A& a, const B& b) {
    return elementwise(Multiply{}, a, b);
}

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
template <AnyTensor A, AnyTensor B>
auto operator/(const A& a, const B& b) {
    return elementwise(Divide{}, a, b);
}

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
template <AnyTensor A>
auto square(const A& a) {
    return elementwise(Square{}, a);
}

/// For x > 0; its derivative is infinite at 0: add a small number first where x can be 0.
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
template <AnyTensor A>
auto sqrt(const A& a) {
    return elementwise(Sqrt{}, a);
}

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
template <AnyTensor A>
auto inverse_sqrt(const A& a) {
    return elementwise(InverseSqrt{}, a);
}

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
template <AnyTensor A>
auto exp(const A& a) {
    return elementwise(Exp{}, a);
}

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
template <AnyTensor A>
auto log(const A& a) {
    return elementwise(Log{}, a);
}

}  // namespace gantry
