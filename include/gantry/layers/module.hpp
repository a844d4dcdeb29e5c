#pragma once
#include <gantry/layers/cost.hpp>
#include <gantry/layers/layer_table.hpp>
#include <gantry/layers/part.hpp>

#include <array>
#include <cstddef>
#include <numeric>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

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
/// A struct with too many members.
template <class Struct, std::size_t members>
struct MembersAreFew {
    static_assert(
        members <= core::most_members,
        "gantry: a network struct has at most 32 members; move some of them to a struct of their own, "
        "or to a std::array (see MembersAreFew<struct, members>)");
};
/// A member is a layer without the base that makes it callable.
template <class Member>
struct IsPart {
    static_assert(
        sizeof(Member) == 0,
        "gantry: a layer that is a member of a network struct must derive from layers::Part: struct "
        "MyLayer : layers::Part<MyLayer> (see IsPart<member>)");
};
/// A struct in a Sequential returns something else than a tensor.
template <class Struct, class Returns>
struct StructReturnsTensor {
    static_assert(
        sizeof(Struct) == 0,
        "gantry: a network struct in a Sequential must return one tensor; call it in a struct instead (see "
        "StructReturnsTensor<struct, returns>)");
};
}  // namespace diagnosis

namespace detail {
/// A struct's call operator, if it has one and only one name: &Both<B>::operator() is ambiguous then.
struct WithCall {
    void operator()();
};
template <class B>
struct Both : B, WithCall {};

}  // namespace detail

namespace layers {
/// A network struct: an aggregate with a call operator.
template <class B>
concept AnyStruct =
    detail::is_struct<B> && !std::is_final_v<B> && !requires { &detail::Both<B>::operator(); };
}  // namespace layers

namespace detail {

/// The parameters, or the states, of layer L.
template <bool learned, class L>
constexpr LayerTensors tensors_of() {
    using Tensors = std::conditional_t<learned, typename L::Parameters, typename L::State>;
    if constexpr (requires { typename L::NestedTag; })
        return {{}, &L::template list_tensors<learned>, Tensors::size, layers::pytorch_modules_of<L>};
    else
        return {Tensors::constants, nullptr, Tensors::size, layers::pytorch_modules_of<L>};
}

using NoMisfit = core::StaticCheck<true, void>;
/// The first check that fails, or one that holds.
template <class... Check>
struct FirstMisfit {
    using type = NoMisfit;
};
template <class First, class... More>
struct FirstMisfit<First, More...>
    : std::conditional_t<First::fits, FirstMisfit<More...>, std::type_identity<First>> {};
/// StaticCheck that M, a struct or a member of one, can be visited.
template <class M>
constexpr auto members_check() {
    if constexpr (is_part<M>) {
        return options_check<typename M::PartLayer>{};
    } else if constexpr (is_std_array<M>) {
        return members_check<typename M::value_type>();
    } else if constexpr (AnyLayer<M>) {
        return core::StaticCheck<false, diagnosis::IsPart<M>>{};
    } else if constexpr (is_struct<M>) {
        constexpr std::size_t count = core::member_count<M>;
        if constexpr (count > core::most_members)
            return core::StaticCheck<false, diagnosis::MembersAreFew<M, count>>{};
        else
            return decltype(core::with_members(core::specimen<M>, []<class... E>(const E&...) {
                return typename FirstMisfit<decltype(members_check<E>())...>::type{};
            })){};
    } else {
        return NoMisfit{};
    }
}
template <class B>
inline constexpr bool is_valid_struct = decltype(members_check<B>())::fits;

template <class M>
constexpr PartTotals part_totals() {
    if constexpr (is_part<M>) {
        using L = typename M::PartLayer;
        return {1, L::Parameters::count, L::Parameters::size, L::State::size};
    } else if constexpr (is_std_array<M>) {
        PartTotals sum;
        for (std::size_t i = 0; i != std::tuple_size_v<M>; ++i)
            sum = sum + part_totals<typename M::value_type>();
        return sum;
    } else if constexpr (is_struct<M>) {
        return core::with_members(core::specimen<M>, []<class... E>(const E&...) {
            return (PartTotals{} + ... + part_totals<E>());
        });
    } else {
        return {};
    }
}

/// Tells each part of `member` its place.
template <class M>
void place_parts(M& member, PartPlace& next) {
    if constexpr (is_part<M>) {
        static_cast<PartPlace&>(member) = next;
        next.before_ = next.before_ + part_totals<M>();
    } else if constexpr (is_std_array<M>) {
        for (auto& element : member) place_parts(element, next);
    } else if constexpr (is_struct<M>) {
        core::with_members(member, [&](auto&... m) { (place_parts(m, next), ...); });
    }
}

/// Calls f(Type<part>, name) for each part of M, in order; `name` is that of M.
template <class M, class F>
constexpr void each_part(const F& f, const std::string& name) {
    if constexpr (is_part<M>) {
        f(Type<M>{}, name);
    } else if constexpr (is_std_array<M>) {
        for (std::size_t i = 0; i != std::tuple_size_v<M>; ++i)
            each_part<typename M::value_type>(f, name + '.' + std::to_string(i));
    } else if constexpr (is_struct<M>) {
        core::with_members(core::specimen<M>, [&]<class... E>(const E&...) {
            const std::string prefix = name.empty() ? name : name + '.';
            [&]<std::size_t... i>(std::index_sequence<i...>) {
                (each_part<E>(f, prefix + std::string(core::member_name<M, i>())), ...);
            }(std::index_sequence_for<E...>{});
        });
    }
}

/// Whether part L of a struct, by itself, has an order of features in files, and which; see
/// feature_order.hpp.
template <class L>
struct PartOrders;
/// Where a struct begins and ends, and its parts, as feature_order.hpp sees them. How its call operator
/// connects them is unknown: each part is taken by itself.
struct StructBorder : layers::PlainLayer {
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::own;
};
template <class L, std::size_t leaf_index>
struct LeafOfPart : StructBorder {
    using Of = L;
    static constexpr std::size_t leaf = leaf_index;
};

/// An argument of a struct's call operator. All tensors are Variables there, so that its body is compiled
/// once for training, frozen and evaluation, and a variable may hold an input first and a result later.
/// Constants have no node, so nothing is recorded for them.
template <class X>
auto as_variable(const X& x) {
    if constexpr (AnyTensor<X>)
        return Variable<typename X::shape, typename X::scalar, typename X::device_type>{x.value()};
    else
        return x;
}
/// The type of an argument in the pass on MetaOf<B>.
template <class B, class X>
struct MetaArgument {
    using type = X;
};
template <class B, AnyTensor X>
struct MetaArgument<B, X> {
    using type = Variable<typename X::shape, typename X::scalar, MetaOf<B>>;
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
    using type = Variable<core::AnyShape, float, core::Meta>;
    static constexpr bool fits = false;
};
template <class B, class... X>
    requires is_valid_struct<B>
struct StructCall<B, X...> {
    static constexpr bool takes = std::is_invocable_v<const B&, const typename MetaArgument<B, X>::type&...>;
    using Check = core::StaticCheck<takes, diagnosis::StructTakes<B, X...>>;
    using type =
        typename std::conditional_t<takes,
                                    std::invoke_result<const B&, const typename MetaArgument<B, X>::type&...>,
                                    std::type_identity<Variable<core::AnyShape, float, core::Meta>>>::type;
    static constexpr bool fits = takes && !holds_unknown<type>;
};
/// The same for a struct in a Sequential: shape -> shape. AnyShape if it returns no tensor.
template <class B, class S>
struct StructOutput {
    using Call = StructCall<B, Tensor<S, float, core::Meta>>;
    static constexpr bool returns_tensor = AnyTensor<typename Call::type>;
    static constexpr bool fits = Call::fits && returns_tensor;
    using Check =
        std::conditional_t<returns_tensor, typename Call::Check,
                           core::StaticCheck<false, diagnosis::StructReturnsTensor<B, typename Call::type>>>;
    using type = typename decltype([] {
        if constexpr (returns_tensor)
            return std::type_identity<typename Call::type::shape>{};
        else
            return std::type_identity<core::AnyShape>{};
    }())::type;
};
template <class B, class... S>
struct StructOutput<B, layers::Inputs<S...>> : StructOutput<B, core::AnyShape> {};
template <class B>
struct StructOutput<B, core::AnyShape> {
    static constexpr bool fits = true;
    using Check = core::StaticCheck<true, void>;
    using type = core::AnyShape;
};
}  // namespace detail

namespace detail {
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
struct InputCall : StructCall<B, Tensor<Input, float, core::Meta>> {};
template <class B>
struct InputCall<B, core::AnyShape> {
    using Check = NoMisfit;
};
template <class B, class... S>
struct InputCall<B, layers::Inputs<S...>> : StructCall<B, Tensor<S, float, core::Meta>...> {};
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

namespace layers {
template <class Body>
    requires detail::Checked<Body>
struct Module;
}  // namespace layers

namespace detail {
template <class L>
struct AsLayer {
    using type = L;
};
template <layers::AnyStruct B>
struct AsLayer<B> {
    using type = layers::Module<B>;
};
/// The layer that a network struct is; other layers are themselves.
template <class L>
using as_layer = typename AsLayer<L>::type;
}  // namespace detail

namespace layers {
/// A network struct as a layer: Sequential and Network wrap structs in it. See docs/tutorial.md, "Networks
/// that are not chains".
template <class BodyType>
    requires detail::Checked<BodyType>
struct Module : Part<Module<BodyType>> {
    using Body = BodyType;  ///< the struct
    static constexpr detail::PartTotals totals = detail::part_totals<Body>();
    using NestedTag = void;
    static constexpr bool contains_struct = true;
    using Parameters = detail::Counts<totals.tensors, totals.numbers>;
    using State = detail::Counts<0, totals.states>;
    using Input = typename detail::DeclaredInput<Body>::type;
    static constexpr int features = 0;
    static constexpr std::size_t parameter_count = totals.numbers;  ///< number of learned values
    static constexpr std::size_t state_count = totals.states;       ///< number of running statistics

    template <int, class X>
    using Fit = typename detail::StructOutput<Body, X>::Check;
    template <class X>
    using Output = typename detail::StructOutput<Body, X>::type;
    /// True if the parts fit together for an input of shape X; if not, an error has been reported.
    template <class X>
    static constexpr bool fits = detail::StructOutput<Body, X>::fits;

    static std::string name() { return "struct of " + std::to_string(totals.parts) + " layers"; }

    template <class P, class T, class D, bool recorded, class... X>
    static auto forward(const P& pass, const ParameterCursor<T, D, recorded>& cursor, const X&... x) {
        static_assert(
            std::is_same_v<typename P::Sum, T>,
            "gantry: a network struct sums in the scalar that it stores: Network<Struct, Cpu, float>");
        const detail::PartPass<T, D> shared(
            {cursor.parameters, cursor.states, cursor.device, cursor.leaves, cursor.memory}, pass.dropout,
            P::training);
        Body body{};
        detail::PartPlace place{&shared, {}, 0};
        detail::place_parts(body, place);
        const auto y = std::as_const(body)(detail::as_variable(x)...);
        if constexpr (recorded || (core::is_recorded<X> || ...))
            return y;
        else
            return detail::as_constant(y);
    }

    /// All parameters, in buffer order, named as in PyTorch: "blocks.0.conv1.weight".
    static std::vector<core::ParameterInfo> parameters(const std::string& prefix = "") {
        return all_tensors<true>(prefix);
    }
    /// All states (running statistics), in buffer order.
    static std::vector<core::ParameterInfo> states(const std::string& prefix = "") {
        return all_tensors<false>(prefix);
    }
    template <bool learned>
    static void list_tensors(std::vector<core::ParameterInfo>& list, const std::string& prefix,
                             std::size_t offset, std::size_t& leaf) {
        ++leaf;
        std::size_t index = 0;
        const auto append = [&]<class M>(detail::Type<M>, const std::string& name) {
            static constexpr detail::LayerTensors tensors =
                detail::tensors_of<learned, typename M::PartLayer>();
            const std::size_t before = list.size();
            detail::append_tensors(tensors, list, prefix + name + '.', offset, leaf);
            for (std::size_t i = before; i < list.size(); ++i) list[i].layer = index;
            offset += tensors.size;
            ++index;
        };
        detail::each_part<Body>(append, "");
        ++leaf;
    }

    /// A table of the layers for inputs of shapes X..., by default the struct's own Input: output shape,
    /// number of parameters, FLOPs per sample. The total includes ops that are no layers.
    template <class... X>
    static std::string summary() {
        if constexpr (sizeof...(X) == 0)
            return []<class... S>(std::type_identity<Inputs<S...>>) {
                return summary<S...>();
            }(std::type_identity<typename detail::InputsOf<Module>::type>{});
        else
            return detail::summary_text(rows<X...>(""), parameter_count, other_flops<X...>());
    }
    /// A row for each layer, in the order of the members.
    template <class X, bool costs = true>
    static std::vector<SummaryRow> summary_rows() {
        std::vector<SummaryRow> list;
        list_rows<X, costs>(list, "");
        return list;
    }
    template <class X, bool costs>
    static void list_rows(std::vector<SummaryRow>& list, const std::string& prefix) {
        const auto add = [&]<class... S>(std::type_identity<Inputs<S...>>) {
            for (SummaryRow& row : rows<S...>(prefix)) list.push_back(std::move(row));
        };
        add(std::type_identity<
            typename detail::AsInputs<std::conditional_t<costs, X, core::AnyShape>>::type>{});
    }
    template <class X, class F>
    static constexpr void each_layer(const F& f) {
        f(detail::Type<detail::StructBorder>{}, detail::Type<typename detail::OneShape<X>::type>{},
          detail::Type<core::AnyShape>{});
        each_leaf<Body>(f);
        f(detail::Type<detail::StructBorder>{}, detail::Type<core::AnyShape>{}, detail::Type<Output<X>>{});
    }

    /// The index of the first leaf layer of part number `part`, as list_tensors counts them.
    static std::size_t leaf_of_part(std::size_t part) {
        std::vector<std::size_t> leaves;
        const auto append = [&]<class M>(detail::Type<M>, const std::string&) {
            leaves.push_back(detail::PartOrders<typename M::PartLayer>::leaves);
        };
        detail::each_part<Body>(append, "");
        return std::accumulate(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(part),
                               std::size_t{1});
    }
    /// The name of part number `index`.
    static std::string part_name(std::size_t index) { return rows<core::AnyShape>("")[index].layer; }

private:
    template <bool learned>
    static std::vector<core::ParameterInfo> all_tensors(const std::string& prefix) {
        std::vector<core::ParameterInfo> list;
        std::size_t leaf = 0;
        list_tensors<learned>(list, prefix, 0, leaf);
        return list;
    }
    template <class... X>
    static std::size_t other_flops() {
        std::size_t flops = cost<Module, float, X...>().flops;
        for (const SummaryRow& row : rows<X...>("")) flops -= row.flops;
        return flops;
    }
    template <class... X>
    static std::vector<SummaryRow> rows(const std::string& prefix) {
        std::vector<SummaryRow> list;
        const auto append = [&]<class M>(detail::Type<M>, const std::string& name) {
            list.push_back({prefix + name + "  " + M::name(), "any", M::PartLayer::Parameters::size, 0});
        };
        detail::each_part<Body>(append, "");
        if constexpr (!(std::is_same_v<X, core::AnyShape> || ...)) {
            const auto three = detail::trace<Module, float, X...>(3),
                       two = detail::trace<Module, float, X...>(2);
            for (std::size_t i = 0; i < two->calls.size(); ++i) {
                SummaryRow& row = list[two->calls[i].part];
                row.output = detail::extents_text(two->calls[i].output);
                row.flops += three->calls[i].flops - two->calls[i].flops;
            }
        }
        return list;
    }
    template <class M, class F>
    static constexpr void each_leaf(const F& f) {
        if constexpr (detail::is_part<M>) {
            using L = typename M::PartLayer;
            [&]<std::size_t... leaf>(std::index_sequence<leaf...>) {
                (f(detail::Type<detail::LeafOfPart<L, leaf>>{}, detail::Type<core::AnyShape>{},
                   detail::Type<core::AnyShape>{}),
                 ...);
            }(std::make_index_sequence<detail::PartOrders<L>::leaves>{});
        } else if constexpr (detail::is_std_array<M>) {
            for (std::size_t i = 0; i != std::tuple_size_v<M>; ++i) each_leaf<typename M::value_type>(f);
        } else if constexpr (detail::is_struct<M>) {
            core::with_members(core::specimen<M>, [&]<class... E>(const E&...) { (each_leaf<E>(f), ...); });
        }
    }
};
}  // namespace layers

}  // namespace gantry
