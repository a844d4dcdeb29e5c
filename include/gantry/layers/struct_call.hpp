#pragma once
#include <gantry/core/static_check.hpp>
#include <gantry/layers/cost.hpp>
#include <gantry/layers/struct_members.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

// The call operator of a network struct: its arguments, its result, and the checks of both.

namespace gantry {

namespace diagnosis {
/// The call operator of a network struct cannot be called with these arguments.
template <class Struct, class... Given>
struct StructTakes {
    static_assert(
        sizeof(Struct) == 0,
        "gantry: the call operator of this network struct does not take these arguments; it must be "
        "const: auto operator()(const auto& x) const (see StructTakes<struct, given...>)");
};
/// A struct in a Sequential does not return a single tensor.
template <class Struct, class Returns>
struct StructReturnsTensor {
    static_assert(
        sizeof(Struct) == 0,
        "gantry: a network struct in a Sequential must return one tensor; call it in a struct instead (see "
        "StructReturnsTensor<struct, returns>)");
};
}  // namespace diagnosis

namespace detail {
/// An argument of a struct's call operator, for a network of scalar T. All tensors of T are Variables there,
/// so that its body is compiled once for training, frozen and evaluation, and a variable may hold an input
/// first and a result later. Constants have no node, so nothing is recorded for them.
template <class T, class X>
auto as_argument(const X& x) {
    if constexpr (IntegerTensor<X>)
        return IntegersOfPass<typename X::shape, T, typename X::device_type>{
            Tensor<typename X::shape, std::int32_t, typename X::device_type>{x.value()}};
    else if constexpr (AnyTensor<X>)
        return Variable<typename X::shape, typename X::scalar, typename X::device_type>{x.value()};
    else
        return x;
}
/// The scalar of the first argument that is a tensor of floating-point numbers; float if there is none.
template <class... X>
struct FirstScalar {
    using type = float;
};
template <class X, class... More>
struct FirstScalar<X, More...> : FirstScalar<More...> {};
template <AnyTensor X, class... More>
    requires(!IntegerTensor<X>)
struct FirstScalar<X, More...> {
    using type = typename X::scalar;
};
/// The type of an argument in the pass on MetaOf<B>, for a network of scalar T.
template <class B, class T, class X>
struct MetaArgument {
    using type = X;
};
template <class B, class T, AnyTensor X>
struct MetaArgument<B, T, X> {
    using type = Variable<typename X::shape, typename X::scalar, MetaOf<B>>;
};
template <class B, class T, IntegerTensor X>
struct MetaArgument<B, T, X> {
    using type = IntegersOfPass<typename X::shape, T, MetaOf<B>>;
};

/// A result of a pass that recorded nothing, with Tensors for Variables: a tensor, a pair, tuple or array of
/// results, or a struct template whose arguments are the types of its members.
template <class Y>
auto as_constant(const Y& y);
template <template <class...> class R, class... M>
auto struct_as_constant(const R<M...>& y) {
    const auto make = []<class... C>(const C&... m) { return R<C...>{m...}; };
    return core::with_members<const R<M...>, sizeof...(M)>(
        y, [&](const auto&... m) { return make(as_constant(m)...); });
}
template <class Y>
auto as_constant(const Y& y) {
    if constexpr (AnyTensor<Y>)
        return detach(y);
    else if constexpr (is_std_array<Y>)
        return std::apply([](const auto&... m) { return std::array{as_constant(m)...}; }, y);
    else if constexpr (requires { y.first, y.second; })
        return std::pair{as_constant(y.first), as_constant(y.second)};
    else if constexpr (requires { std::tuple_size<Y>::value; })
        return std::apply([](const auto&... m) { return std::tuple{as_constant(m)...}; }, y);
    else if constexpr (requires { struct_as_constant(y); })
        return struct_as_constant(y);
    else
        return y;
}

/// True if a result holds a tensor of unknown shape: an error has been reported.
template <class Y>
inline constexpr bool holds_unknown = false;
template <AnyTensor Y>
inline constexpr bool holds_unknown<Y> = std::is_same_v<typename Y::shape, core::AnyShape>;
template <template <class...> class R, class... M>
    requires(!AnyTensor<R<M...>>)
inline constexpr bool holds_unknown<R<M...>> = (holds_unknown<M> || ...);
template <class M, std::size_t n>
inline constexpr bool holds_unknown<std::array<M, n>> = holds_unknown<M>;

/// What the call operator of struct B returns for arguments X..., on a device that computes nothing. Errors,
/// in its body, are reported here.
template <class B, class... X>
struct StructCall {
    using Check = NoMisfit;
    using type = Variable<core::AnyShape, float, core::ForwardMeta>;
    static constexpr bool fits = false;
};
template <class B, class... X>
    requires is_valid_struct<B>
struct StructCall<B, X...> {
    using T = typename FirstScalar<X...>::type;
    static constexpr bool takes =
        std::is_invocable_v<const B&, const typename MetaArgument<B, T, X>::type&...>;
    using Check = core::StaticCheck<takes, diagnosis::StructTakes<B, X...>>;
    using type = typename std::conditional_t<
        takes, std::invoke_result<const B&, const typename MetaArgument<B, T, X>::type&...>,
        std::type_identity<Variable<core::AnyShape, float, core::ForwardMeta>>>::type;
    static constexpr bool fits = takes && !holds_unknown<type>;
};
template <class Y>
struct ResultShape {
    using type = core::AnyShape;
};
template <AnyTensor Y>
struct ResultShape<Y> {
    using type = typename Y::shape;
};
/// The same for a struct in a Sequential: shape -> shape. AnyShape if it returns no tensor.
template <class B, class S>
struct StructOutput {
    using Call = StructCall<B, typename MetaInput<S, float, core::ForwardMeta>::type>;
    static constexpr bool returns_tensor = AnyTensor<typename Call::type>;
    static constexpr bool fits = Call::fits && returns_tensor;
    using Check =
        std::conditional_t<returns_tensor, typename Call::Check,
                           core::StaticCheck<false, diagnosis::StructReturnsTensor<B, typename Call::type>>>;
    using type = typename ResultShape<typename Call::type>::type;
};
template <class B, class... S>
struct StructOutput<B, layers::Inputs<S...>> : StructOutput<B, core::AnyShape> {};
template <class B>
struct StructOutput<B, core::AnyShape> {
    static constexpr bool fits = true;
    using Check = core::StaticCheck<true, void>;
    using type = core::AnyShape;
};
/// Whether a struct takes inputs of shapes S...
template <class B, class... S>
struct StructFits : StructCall<B, typename MetaInput<S, float, core::ForwardMeta>::type...> {};
template <class B, class S>
struct StructFits<B, S> : StructOutput<B, S> {};
/// What a struct declares as its Input, or AnyShape.
template <class B>
struct DeclaredInput {
    using type = core::AnyShape;
};
template <class B>
    requires requires { typename B::Input; }
struct DeclaredInput<B> {
    using type = typename B::Input;
};
/// The shape of one input; AnyShape for several.
template <class Input>
struct OneShape {
    using type = Input;
};
template <class... S>
struct OneShape<layers::Inputs<S...>> {
    using type = core::AnyShape;
};
/// The call with the declared inputs.
template <class B, class Input>
struct InputCall : StructCall<B, typename MetaInput<Input, float, core::ForwardMeta>::type> {};
template <class B>
struct InputCall<B, core::AnyShape> {
    using Check = NoMisfit;
};
template <class B, class... S>
struct InputCall<B, layers::Inputs<S...>>
    : StructCall<B, typename MetaInput<S, float, core::ForwardMeta>::type...> {};
template <class B>
constexpr auto check_struct() {
    using Check = decltype(members_check<B>());
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    if constexpr (Check::fits) {
        using Call = typename InputCall<B, typename DeclaredInput<B>::type>::Check;
        [[maybe_unused]] constexpr bool call_diagnosed = Call::diagnose();
    }
    return true;
}
/// Runs the checks where a network of struct B is named. Always true: the checks report their own errors.
template <class B>
concept Checked = sizeof(decltype(check_struct<B>())) > 0;
}  // namespace detail

}  // namespace gantry
