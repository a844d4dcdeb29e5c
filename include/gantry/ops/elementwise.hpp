#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/elementwise.hpp>
#include <gantry/ops/broadcast.hpp>

#include <array>
#include <concepts>
#include <string_view>
#include <tuple>
#include <type_traits>

// clang-format off
/// @addtogroup ops
/// An elementwise op is defined by a functor with the following members:
///
///     static constexpr std::string_view name                 Used in error messages.
///
///     template <class V>
///     GANTRY_HOST_DEVICE V operator()(V a, V b, ...) const   The function. V: a scalar or a vector of
///                                                            scalars; see gantry/core/math.hpp.
///
///     template <class V>
///     void vjp(upstream, y, a, b, ...) const                 The vector-Jacobian product, computed by ops;
///                                                            see gantry/autograd/record.hpp.
// clang-format on

namespace gantry {

namespace ops {

/// A functor of an elementwise op on `In`, TensorRefs, with results of type Y: see above.
template <class F, class Y, class... In>
concept ElementwiseFunctor =
    std::is_trivially_copyable_v<F> &&
    requires(const F& f, const Y& y, const In&... x, const typename In::scalar&... number) {
        { F::name } -> std::convertible_to<std::string_view>;
        { f(number...) } -> std::same_as<typename Y::scalar>;
        f.vjp(y, y, x...);
    };

/// y = f(x...) elementwise. Inputs of rank 0 are broadcast.
template <class F>
struct ElementwiseOp {
    static constexpr std::string_view name = F::name;
    [[no_unique_address]] F f;

    template <class V, class... In>
    void forward(const V& y, bool, const In&... x) const {
        using T = typename V::scalar;
        launch(*y.device,
               contracts::ElementwiseParameters<F, T, sizeof...(In)>{
                   f, y.size(), y.data, {x.data...}, {x.extents.rank == 0 && y.extents.rank != 0 ...}});
    }
    template <class V, class... In>
    void vjp(const V& upstream, const V& y, const In&... x) const {
        f.vjp(upstream, y, x...);
    }
};

/// Broadcasts x to shape S in memory, except scalars, which kernels broadcast themselves.
template <class S, AnyTensor X>
auto conformed(const X& x, int batch) {
    if constexpr (X::shape::rank == 0)
        return x.value();
    else
        return broadcast_to<S>(x, batch).value();
}

/// Runs the elementwise op f on operands of one shape and scalars. Errors: different shapes.
template <class F, class T, class D, class... More>
TensorRef<T, D> run_elementwise(const F& f, const TensorRef<T, D>& first, const More&... more) {
    core::Extents extents = first.extents;
    ((extents = more.extents.rank > extents.rank ? more.extents : extents), ...);
    const auto check = [&](const TensorRef<T, D>& x) {
        if (x.extents.rank != 0 && x.extents != extents)
            fail(F::name, "the operands of an elementwise op must have the same shape", x.extents, " and ",
                 extents);
    };
    (check(first), ..., check(more));
    return run_op(ElementwiseOp<F>{f}, extents, {}, first, more...);
}
}  // namespace ops

/// f(x...) elementwise. Operands of different shapes are broadcast by NumPy's rule, except that Batch fits
/// only Batch: the other extents are aligned at the last one, and extents of 1 and missing ones are repeated.
/// The result has the extents of the operand with the most of them. So Shape<Batch, H, W, C> goes with
/// Shape<>, Shape<C> (a bias), Shape<H, W, C>, Shape<Batch> and Shape<Batch, 1> (one value per sample),
/// Shape<Batch, C> (over pixels) and Shape<Batch, H, W, 1> (over channels), but Shape<Batch> not with
/// Shape<C>. Errors: incompatible shapes (compile time), different batch sizes (run time).
template <class F, AnyTensor... X>
auto elementwise(const F& f, const X&... x) {
    static_assert(core::same_scalars<X...>,
                  "gantry: the operands of an elementwise op must have the same scalar type and device type");
    using Y = std::remove_cvref_t<decltype(std::get<0>(std::tie(x...)).value())>;
    constexpr bool fits = !core::same_scalars<X...> ||
                          ops::ElementwiseFunctor<F, Y, std::remove_cvref_t<decltype(x.value())>...>;
    static_assert(fits,
                  "gantry: the functor of an elementwise op is trivially copyable and has a name, operator() "
                  "and vjp for its operands: see gantry/ops/elementwise.hpp");
    using S = typename ops::BroadcastShape<typename X::shape...>::type;
    if constexpr (!core::same_scalars<X...> || !fits || std::is_same_v<S, core::AnyShape>) {
        return core::typed<S, X...>(std::get<0>(std::tie(x...)).value());
    } else if constexpr (!ops::broadcast_to_whole<S, typename X::shape...>()) {
        (static_cast<void>(sizeof(diagnosis::BroadcastFits<S, typename X::shape>)), ...);
        return core::typed<core::AnyShape, X...>(std::get<0>(std::tie(x...)).value());
    } else {
        int batch = 0;
        ((batch = X::shape::batched ? x.value().extents.first() : batch), ...);
        return core::typed<S, X...>(ops::run_elementwise(f, ops::conformed<S>(x, batch)...));
    }
}

}  // namespace gantry
