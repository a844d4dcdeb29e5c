#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/copy.hpp>

#include <string_view>
#include <type_traits>

namespace gantry {

namespace ops {
/// The same elements in row-major order with another shape. A view: the result shares the memory of the
/// input.
struct ReshapeOp {
    static constexpr std::string_view name = "reshape";
    static constexpr bool takes_integers = true;

    template <class V>
    void forward(const V&, bool, const V&) const {}
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return run_op(*this, x.extents, {upstream.data, false}, upstream); });
    }
};
}  // namespace ops

namespace diagnosis {
/// Fails to compile with both sample sizes in the message.
template <std::size_t from, std::size_t to>
struct ReshapeFits {
    static_assert(from == to, "gantry: a reshape must keep the number of elements per sample");
    static constexpr bool value = true;  ///< no follow-up errors after the assertion
};
}  // namespace diagnosis

/// Returns x with shape S, a view that shares its memory. S must have the same number of elements per sample.
template <class S, AnyTensor X>
auto reshape(const X& x) {
    // std::disjunction instead of ||, which would also instantiate the size of AnyShape.
    static_assert(std::disjunction_v<std::is_same<typename X::shape, core::AnyShape>,
                                     diagnosis::ReshapeFits<X::shape::sample_size, S::sample_size>>);
    static_assert(S::batched == X::shape::batched, "gantry: a reshape must keep Batch");
    const auto& value = x.value();
    return core::typed<S, X>(
        ops::run_op(ops::ReshapeOp{}, S::extents(value.extents.first()), {value.data, false}, value));
}

/// Flattens each sample to a vector, a view: Shape<Batch, E...> -> Shape<Batch, product of E...>.
template <AnyTensor X>
auto flatten(const X& x) {
    static_assert(X::shape::batched, "gantry: flatten requires a shape with Batch");
    if constexpr (std::is_same_v<typename X::shape, core::AnyShape>)
        return x;
    else
        return reshape<Shape<Batch, static_cast<int>(X::shape::sample_size)>>(x);
}

}  // namespace gantry
