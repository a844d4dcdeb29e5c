#pragma once
#include <gantry/core/math.hpp>
#include <gantry/ops/arithmetic.hpp>

#include <string_view>

// Masks: tensors that are 1 where a condition holds and 0 elsewhere. Tensors have no `==`, since rounding
// decides whether results are equal: compare abs(a - b) with a tolerance.

namespace gantry {

namespace ops {
/// The order that a comparison asks for.
enum class Order { less, less_equal, greater, greater_equal };

/// 1 where a and b have the order, else 0, also where one is NaN. A step function: its derivative is 0.
template <Order order, class V>
GANTRY_HOST_DEVICE V mask_of(V a, V b) {
    const V one = math::constant<V>(1), zero = math::constant<V>(0);
    if constexpr (order == Order::less)
        return math::select(a < b, one, zero);
    else if constexpr (order == Order::less_equal)
        return math::select(a <= b, one, zero);
    else if constexpr (order == Order::greater)
        return math::select(a > b, one, zero);
    else
        return math::select(a >= b, one, zero);
}

/// Compares two tensors.
template <Order order>
struct Compare {
    static constexpr std::string_view name = "compare";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V a, V b) const {
        return mask_of<order>(a, b);
    }
    template <class V>
    void vjp(const V&, const V&, const V&, const V&) const {}
};

/// Compares a tensor with a number.
template <Order order>
struct CompareWith {
    static constexpr std::string_view name = "compare_with";
    double number;
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V a) const {
        return mask_of<order>(a, math::constant<V>(number));
    }
    template <class V>
    void vjp(const V&, const V&, const V&) const {}
};

/// x where the mask is set (`kept`), or where it is not; 0 elsewhere, even if x is infinite or NaN there.
template <bool kept>
struct Masked {
    static constexpr std::string_view name = "masked";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V mask, V x) const {
        const V zero = math::constant<V>(0);
        return kept ? math::select(mask != zero, x, zero) : math::select(mask != zero, zero, x);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& mask, const V& x) const {
        accumulate_grad(x, [&] { return elementwise(*this, mask, upstream); });
    }
};

/// a where the mask is set, b elsewhere.
struct Where {
    static constexpr std::string_view name = "where";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V mask, V a, V b) const {
        return math::select(mask != math::constant<V>(0), a, b);
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& mask, const V& a, const V& b) const {
        accumulate_grad(a, [&] { return elementwise(Masked<true>{}, mask, upstream); });
        accumulate_grad(b, [&] { return elementwise(Masked<false>{}, mask, upstream); });
    }
};
}  // namespace ops

/// A mask, 1 where a < b and 0 elsewhere, also where one is NaN. It requires no gradient. Smaller operands
/// are broadcast, see `elementwise`.
template <AnyTensor A, AnyTensor B>
auto operator<(const A& a, const B& b) {
    return elementwise(ops::Compare<ops::Order::less>{}, detach(a), detach(b));
}
/// The mask of a < number.
template <AnyTensor A, ops::Number N>
auto operator<(const A& a, N number) {
    return elementwise(ops::CompareWith<ops::Order::less>{static_cast<double>(number)}, detach(a));
}
/// The mask of number < a.
template <ops::Number N, AnyTensor A>
auto operator<(N number, const A& a) {
    return elementwise(ops::CompareWith<ops::Order::greater>{static_cast<double>(number)}, detach(a));
}
/// A mask, 1 where a <= b and 0 elsewhere, also where one is NaN; see operator<.
template <AnyTensor A, AnyTensor B>
auto operator<=(const A& a, const B& b) {
    return elementwise(ops::Compare<ops::Order::less_equal>{}, detach(a), detach(b));
}
/// The mask of a <= number.
template <AnyTensor A, ops::Number N>
auto operator<=(const A& a, N number) {
    return elementwise(ops::CompareWith<ops::Order::less_equal>{static_cast<double>(number)}, detach(a));
}
/// The mask of number <= a.
template <ops::Number N, AnyTensor A>
auto operator<=(N number, const A& a) {
    return elementwise(ops::CompareWith<ops::Order::greater_equal>{static_cast<double>(number)}, detach(a));
}
/// A mask, 1 where a > b and 0 elsewhere, also where one is NaN; see operator<.
template <AnyTensor A, ops::TensorOrNumber B>
auto operator>(const A& a, const B& b) {
    return b < a;
}
/// The mask of number > a.
template <ops::Number N, AnyTensor A>
auto operator>(N number, const A& a) {
    return a < number;
}
/// A mask, 1 where a >= b and 0 elsewhere, also where one is NaN; see operator<.
template <AnyTensor A, ops::TensorOrNumber B>
auto operator>=(const A& a, const B& b) {
    return b <= a;
}
/// The mask of number >= a.
template <ops::Number N, AnyTensor A>
auto operator>=(N number, const A& a) {
    return a <= number;
}

/// a where the mask is not 0, b elsewhere; a and b are tensors or numbers. Smaller operands are broadcast,
/// see `elementwise`. The gradient of each is 0 where it was not chosen. As in PyTorch, 0 times an infinite
/// derivative is NaN: for `where(x > 0, sqrt(x), 0)` take the square root of `maximum(x, tiny)`.
template <AnyTensor Mask, ops::TensorOrNumber A, ops::TensorOrNumber B>
auto where(const Mask& mask, const A& a, const B& b) {
    return elementwise(ops::Where{}, detach(mask), ops::as_tensor(a, mask), ops::as_tensor(b, mask));
}

}  // namespace gantry
