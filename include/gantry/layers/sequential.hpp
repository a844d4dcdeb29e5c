#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/layers/cost.hpp>
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/layer_table.hpp>
#include <gantry/layers/module.hpp>
#include <gantry/ops/activation.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry {

namespace detail {

/// State of the fold over the layers: the shape so far. `same`: every layer so far keeps the shape, so the
/// next layer's Input is that of the whole chain. `fitting`: every layer so far fits; after a mismatch the
/// rest is not checked, so that there is one error.
template <int index, class X, class Start, bool same, bool fitting>
struct Chain {
    using Output = X;
    using Input = Start;
    static constexpr bool fits = fitting;
};

template <int index, class X, class Start, bool same, bool fitting, class Given>
    requires(!AnyLayer<Given> && !layers::AnyStruct<Given>)
constexpr auto operator|(Chain<index, X, Start, same, fitting>, Type<Given>) {
    using Check = core::StaticCheck<false, diagnosis::SequentialTakesLayers<index, Given>>;
    if constexpr (fitting) {
        [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    }
    return Chain<index + 1, X, Start, same, false>{};
}
template <int index, class X, class Start, bool same, bool fitting, AnyLayer L>
constexpr auto operator|(Chain<index, X, Start, same, fitting>, Type<L>) {
    using Check = decltype(layer_check<index, L, X>());
    using In = typename decltype(taken<index, L, X>())::type;
    using First = std::conditional_t<std::is_same_v<Start, core::AnyShape> && same, typename L::Input, Start>;
    using Out = layers::output_of<L, In>;
    if constexpr (fitting) {
        [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    }
    return Chain<index + 1, Out, First, same && layers::KeepsShape<L>,
                 fitting && Check::fits && inner_layers_fit<L, In>>{};
}

template <int index, class X, class Start, bool same, bool fitting, layers::AnyStruct B>
constexpr auto operator|(Chain<index, X, Start, same, fitting> chain, Type<B>) {
    return chain | Type<layers::Module<B>>{};
}

// Pairs each layer with its successor.
struct NoLayer {};
template <class L, class Next>
struct LayerAndNext {};
template <class...>
struct List {};
template <class First, class... Rest>
List<Rest..., NoLayer> shifted(List<First, Rest...>);

/// State of a forward pass between two layers. `cursor` points to the next layer's parameters;
/// `next_is_done`: the next layer is an activation that has already been fused.
template <class P, class Cursor, class X, bool next_is_done>
struct Carry {
    P pass;
    Cursor cursor;
    X x;
};

template <class P, class Cursor, class X, bool done, class L, class Next>
auto operator|(const Carry<P, Cursor, X, done>& carry, LayerAndNext<L, Next>) {
    if constexpr (done) {
        if constexpr (is_meta<typename X::device_type>) carry.x.device().count_fused(carry.x.value());
        return Carry<P, Cursor, X, false>{carry.pass, carry.cursor, carry.x};
    } else {
        constexpr bool fuse = layers::FusesActivation<L> && layers::ActivationLayer<Next>;
        const auto y = [&] {
            if constexpr (fuse)
                return call_layer<L>(carry.pass.template with<Next::activation>(), carry.cursor, carry.x);
            else
                return call_layer<L>(carry.pass, carry.cursor, carry.x);
        }();
        return Carry<P, Cursor, std::remove_const_t<decltype(y)>, fuse>{
            carry.pass, carry.cursor.after(L::Parameters::count, L::Parameters::size, L::State::size), y};
    }
}

template <class Start, class... Layers>
using ChainFrom = decltype((Chain<0, Start, Start, true, true>{} | ... | Type<Layers>{}));

template <class... Layers>
constexpr auto check_count() {
    using Check =
        core::StaticCheck<(sizeof...(Layers) > 0), diagnosis::SequentialTakesLayers<0, List<Layers...>>>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    return true;
}

/// Runs the checks where a Sequential is named, before it is instantiated. Always true: the checks report
/// their own errors.
template <class... Layers>
concept Fitting =
    sizeof(ChainFrom<core::AnyShape, Layers...>) + sizeof(decltype(check_count<Layers...>())) > 0;

struct NotALayer : layers::PlainLayer {
    static constexpr bool keeps_shape = true;
};
/// The layer to continue with after an argument that is not a layer: the identity, or L for L().
template <class Given>
struct LayerMeant {
    using type = NotALayer;
};
template <AnyLayer L>
struct LayerMeant<L> {
    using type = L;
};
template <AnyLayer L>
struct LayerMeant<L()> {  // written like a PyTorch module
    using type = L;
};

}  // namespace detail

/// A chain of layers, applied in order; itself a layer, so Sequentials nest. A stateless type: a Network
/// holds the parameters. Compile-time errors, where the type is named: a layer that does not fit the one
/// before it.
///     using Generator = Sequential<Dense<100, 1200>, ReLU, Dense<1200, 784>, Tanh>;
template <class... Layers>
    requires detail::Fitting<Layers...>
struct Sequential : layers::Part<Sequential<Layers...>> {
    using NestedTag = void;
    /// True if a network struct is one of the layers, or in one.
    static constexpr bool contains_struct = (layers::contains_struct<Layers> || ...);
    /// True if the first layer takes integers.
    static constexpr bool takes_integers =
        layers::takes_integers<std::tuple_element_t<0, std::tuple<Layers...>>>;
    using Parameters = detail::Counts<(Layers::Parameters::count + ...), (Layers::Parameters::size + ...)>;
    using State = detail::Counts<(Layers::State::count + ...), (Layers::State::size + ...)>;
    static constexpr std::size_t leaves =
        (detail::leaves_of<Layers> + ...);  ///< layers that are no containers

    using Totals = detail::ChainFrom<core::AnyShape, Layers...>;
    using Input = typename Totals::Input;
    static constexpr int features = 0;
    template <class X>
    using Output = typename detail::ChainFrom<X, Layers...>::Output;
    /// True if the layers fit together for an input of shape X. If not, an error has been reported, and
    /// shapes and counts are those of matching layers, as far as they are known.
    template <class X>
    static constexpr bool fits = detail::ChainFrom<X, Layers...>::fits;

    static constexpr std::size_t parameter_count = Parameters::size;  ///< number of learned values
    static constexpr std::size_t state_count = State::size;           ///< number of running statistics

    static std::string name() { return "Sequential of " + std::to_string(sizeof...(Layers)); }

    template <class P, class Cursor, AnyTensor X>
    static auto forward(const P& pass, const Cursor& cursor, const X& x) {
        return [&]<class... Next>(detail::List<Next...>) {
            return (detail::Carry<P, Cursor, X, false>{pass, cursor, x} | ... |
                    detail::LayerAndNext<Layers, Next>{})
                .x;
        }(decltype(detail::shifted(detail::List<Layers...>{})){});
    }

    /// All parameters, including those of nested layers, in buffer order.
    static std::vector<core::ParameterInfo> parameters(const std::string& prefix = "") {
        std::vector<core::ParameterInfo> list;
        std::size_t leaf = 0;
        list_tensors<true>(list, prefix, 0, leaf);
        return list;
    }
    /// All states (running statistics), including those of nested layers, in buffer order.
    static std::vector<core::ParameterInfo> states(const std::string& prefix = "") {
        std::vector<core::ParameterInfo> list;
        std::size_t leaf = 0;
        list_tensors<false>(list, prefix, 0, leaf);
        return list;
    }

    template <bool learned>
    static void list_tensors(std::vector<core::ParameterInfo>& list, const std::string& prefix,
                             std::size_t offset, std::size_t& leaf) {
        static constexpr std::array layers{detail::tensors_of<learned, Layers>()...};
        detail::list_tensors(layers, list, prefix, offset, leaf);
    }

    /// A table of the layers: output shape, number of parameters, and FLOPs and memory of the activations per
    /// sample. A fused activation has its FLOPs, but no memory.
    static std::string summary() {
        return detail::summary_of<Sequential>(std::type_identity<layers::Inputs<Input>>{});
    }
    /// The rows of that table, for an input of shape X; without `costs` their figures are 0. None if the
    /// layers do not fit.
    template <class X, bool costs = true>
    static std::vector<layers::SummaryRow> summary_rows() {
        return detail::rows_of<Sequential, costs>(std::type_identity<layers::Inputs<X>>{});
    }
    template <class X>
    static void list_rows(std::vector<layers::SummaryRow>& rows, const std::string& prefix) {
        if constexpr (fits<X>) {
            static constexpr auto layers = summaries<X>();
            detail::list_rows(layers, rows, prefix);
        }
    }
    /// Calls f(Type<layer>, Type<input shape>, Type<output shape>) for every leaf layer, for an input of
    /// shape X. Calls nothing if the layers do not fit.
    template <class X, class F>
    static constexpr void each_layer(const F& f) {
        walk<X>([&]<class L, class In, class Out>(detail::Type<L> layer, detail::Type<In> in,
                                                  detail::Type<Out> out) {
            if constexpr (requires { typename L::NestedTag; })
                L::template each_layer<In>(f);
            else
                f(layer, in, out);
        });
    }

    /// Calls f(Type<layer>) for every leaf layer.
    template <class F>
    static constexpr void each_leaf(const F& f) {
        (detail::each_leaf<Layers>(f), ...);
    }

private:
    template <class X>
    static constexpr auto summaries() {
        std::array<detail::LayerSummary, sizeof...(Layers)> all{};
        auto* next = all.data();
        walk<X>([&]<class L, class In, class Out>(detail::Type<L>, detail::Type<In>, detail::Type<Out>) {
            if constexpr (requires { typename L::NestedTag; })
                *next++ = {nullptr, nullptr, 0, &L::template list_rows<In>};
            else
                *next++ = {[]() -> std::string { return L::name(); }, &detail::shape_text<Out>,
                           L::Parameters::size, nullptr};
        });
        return all;
    }
    template <class X, class F>
    static constexpr void walk(const F& f) {
        if constexpr (fits<X>) walk_layers<X, Layers...>(f);
    }
    template <class X, class L, class... Rest, class F>
    static constexpr void walk_layers(const F& f) {
        using In = std::conditional_t<std::is_same_v<X, core::AnyShape>, typename L::Input, X>;
        using Out = layers::output_of<L, In>;
        f(detail::Type<L>{}, detail::Type<In>{}, detail::Type<Out>{});
        if constexpr (sizeof...(Rest) > 0) walk_layers<Out, Rest...>(f);
    }
};

/// Network structs in a Sequential are layers like any other.
template <class... Given>
    requires detail::Fitting<Given...> && (layers::AnyStruct<Given> || ...) &&
             ((layers::AnyStruct<Given> || detail::AnyLayer<Given>) && ...)
struct Sequential<Given...> : Sequential<detail::as_layer<Given>...> {};

namespace detail {
template <class... Given>
struct LayersMeant {
    using type = Sequential<typename LayerMeant<Given>::type...>;
};
template <>
struct LayersMeant<> {
    using type = Sequential<NotALayer>;
};
}  // namespace detail

/// A Sequential of something that is not a layer. The error has been reported; compilation continues with the
/// layers only.
template <class... Given>
    requires detail::Fitting<Given...> &&
             (sizeof...(Given) == 0 || !((layers::AnyStruct<Given> || detail::AnyLayer<Given>) && ...))
struct Sequential<Given...> : detail::LayersMeant<Given...>::type {
    template <class X>
    static constexpr bool fits = false;
};
}  // namespace gantry
