#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/layer_table.hpp>
#include <gantry/ops/activation.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry {

namespace detail {

/// True if the inner layers of L, if any, fit together for an input of shape X.
template <class L, class X>
inline constexpr bool inner_layers_fit = true;
template <class L, class X>
    requires requires { typename L::NestedTag; }
inline constexpr bool inner_layers_fit<L, X> = L::template fits<X>;

/// State of the fold over the layers: the shape so far, and the totals per sample. `same`: every layer so far
/// keeps the shape, so the next layer's Input is that of the whole chain. `fusing`: the last layer fuses
/// activations. `fitting`: every layer so far fits; after a mismatch the rest is not checked, so that there
/// is one error.
template <int index, class X, class Start, bool same, std::size_t flop_count, std::size_t stored_count,
          bool fusing, bool fitting>
struct Chain {
    using Output = X;
    using Input = Start;
    static constexpr std::size_t flops = flop_count, stored = stored_count;
    static constexpr bool fits = fitting;
};

template <int index, class X, class Start, bool same, std::size_t flop_count, std::size_t stored_count,
          bool fusing, bool fitting, class Given>
    requires(!AnyLayer<Given>)
constexpr auto operator|(Chain<index, X, Start, same, flop_count, stored_count, fusing, fitting>,
                         Type<Given>) {
    using Check = core::StaticCheck<false, diagnosis::SequentialTakesLayers<index, Given>>;
    if constexpr (fitting) {
        [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    }
    return Chain<index + 1, X, Start, same, flop_count, stored_count, false, false>{};
}
template <int index, class X, class Start, bool same, std::size_t flop_count, std::size_t stored_count,
          bool fusing, bool fitting, AnyLayer L>
constexpr auto operator|(Chain<index, X, Start, same, flop_count, stored_count, fusing, fitting>, Type<L>) {
    using Check = decltype(layer_check<index, L, X>());
    using In = typename decltype(taken<index, L, X>())::type;
    using First = std::conditional_t<std::is_same_v<Start, core::AnyShape> && same, typename L::Input, Start>;
    using Out = typename L::template Output<In>;
    if constexpr (fitting) {
        [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    }
    constexpr bool fused = [] {
        if constexpr (layers::ActivationLayer<L>)
            return fusing && ops::ActivationFormula<L::activation.kind>::from_result;
        return false;
    }();
    return Chain<index + 1, Out, First, same && layers::KeepsShape<L>, flop_count + L::template flops<In>,
                 stored_count + (fused ? 0 : L::template stored<In>), layers::FusesActivation<L>,
                 fitting && Check::fits && inner_layers_fit<L, In>>{};
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

template <class L, class P, class Cursor, class X>
auto call_layer(const P& pass, const Cursor& cursor, const X& x) {
    if constexpr (requires { typename L::NestedTag; }) {
        return L::forward(pass, cursor, x);
    } else {
        return [&]<std::size_t... i, std::size_t... j>(std::index_sequence<i...>, std::index_sequence<j...>) {
            return L::forward(pass, x, cursor.template parameter<i, typename L::Parameters>()...,
                              cursor.template state<j, typename L::State>()...);
        }(std::make_index_sequence<L::Parameters::count>{}, std::make_index_sequence<L::State::count>{});
    }
}

template <class P, class Cursor, class X, bool done, class L, class Next>
auto operator|(const Carry<P, Cursor, X, done>& carry, LayerAndNext<L, Next>) {
    if constexpr (done) {
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
using ChainFrom = decltype((Chain<0, Start, Start, true, 0, 0, false, true>{} | ... | Type<Layers>{}));

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

/// The layer to continue with after an argument that is not a layer: the identity, or L for L().
template <class Given>
struct LayerMeant {
    using type = layers::PlainLayer;
};
template <AnyLayer L>
struct LayerMeant<L> {
    using type = L;
};
template <AnyLayer L>
struct LayerMeant<L()> {  // written like a PyTorch module
    using type = L;
};

template <std::size_t tensors, std::size_t numbers>
struct Counts {
    static constexpr std::size_t count = tensors, size = numbers;
};

}  // namespace detail

/// A chain of layers, applied in order; itself a layer, so Sequentials nest. A stateless type: a Network
/// holds the parameters. Compile-time errors, where the type is named: a layer that does not fit the one
/// before it.
///     using Generator = Sequential<Dense<100, 1200>, ReLU, Dense<1200, 784>, Tanh>;
template <class... Layers>
    requires detail::Fitting<Layers...>
struct Sequential {
    using NestedTag = void;
    using Parameters = detail::Counts<(Layers::Parameters::count + ...), (Layers::Parameters::size + ...)>;
    using State = detail::Counts<(Layers::State::count + ...), (Layers::State::size + ...)>;

    using Totals = detail::ChainFrom<core::AnyShape, Layers...>;
    using Input = typename Totals::Input;
    static constexpr int features = 0;
    template <class X>
    using Output = typename detail::ChainFrom<X, Layers...>::Output;
    /// True if the layers fit together for an input of shape X. If not, an error has been reported, and
    /// shapes and counts are those of matching layers, as far as they are known.
    template <class X>
    static constexpr bool fits = detail::ChainFrom<X, Layers...>::fits;
    template <class X>
    static constexpr std::size_t flops = detail::ChainFrom<X, Layers...>::flops;
    template <class X>
    static constexpr std::size_t stored = detail::ChainFrom<X, Layers...>::stored;

    static constexpr std::size_t parameter_count = Parameters::size;  ///< number of learned values
    static constexpr std::size_t state_count = State::size;           ///< number of running statistics
    /// Floating-point operations of a forward pass, per sample.
    static constexpr std::size_t flops_per_sample = Totals::flops;
    /// Bytes of activations that a forward pass saves for the backward pass, per sample.
    template <class T = float>
    static constexpr std::size_t activation_bytes_per_sample = Totals::stored * sizeof(T);

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
        static constexpr std::array layers{tensors_of<learned, Layers>()...};
        detail::list_tensors(layers, list, prefix, offset, leaf);
    }

    /// A table of the layers: output shape, number of parameters, FLOPs per sample.
    static std::string summary() {
        return detail::summary_text(summary_rows<Input>(), parameter_count, flops_per_sample);
    }
    /// The rows of that table, for an input of shape X. None if the layers do not fit.
    template <class X>
    static std::vector<layers::SummaryRow> summary_rows() {
        std::vector<layers::SummaryRow> rows;
        list_rows<X>(rows, "");
        return rows;
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

private:
    template <bool learned, class L>
    static constexpr detail::LayerTensors tensors_of() {
        using Tensors = std::conditional_t<learned, typename L::Parameters, typename L::State>;
        if constexpr (requires { typename L::NestedTag; })
            return {{}, &L::template list_tensors<learned>, Tensors::size, layers::pytorch_modules_of<L>};
        else
            return {Tensors::constants, nullptr, Tensors::size, layers::pytorch_modules_of<L>};
    }
    template <class X>
    static constexpr auto summaries() {
        std::array<detail::LayerSummary, sizeof...(Layers)> all{};
        auto* next = all.data();
        walk<X>([&]<class L, class In, class Out>(detail::Type<L>, detail::Type<In>, detail::Type<Out>) {
            if constexpr (requires { typename L::NestedTag; })
                *next++ = {nullptr, nullptr, 0, 0, &L::template list_rows<In>};
            else
                *next++ = {[]() -> std::string { return L::name(); }, &detail::shape_text<Out>,
                           L::Parameters::size, L::template flops<In>, nullptr};
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
        using Out = typename L::template Output<In>;
        f(detail::Type<L>{}, detail::Type<In>{}, detail::Type<Out>{});
        if constexpr (sizeof...(Rest) > 0) walk_layers<Out, Rest...>(f);
    }
};

namespace detail {
template <class... Given>
struct LayersMeant {
    using type = Sequential<typename LayerMeant<Given>::type...>;
};
template <>
struct LayersMeant<> {
    using type = Sequential<layers::PlainLayer>;
};
}  // namespace detail

/// A Sequential of something that is not a layer. The error has been reported; compilation continues with the
/// layers only.
template <class... Given>
    requires detail::Fitting<Given...> && (sizeof...(Given) == 0 || !(detail::AnyLayer<Given> && ...))
struct Sequential<Given...> : detail::LayersMeant<Given...>::type {
    template <class X>
    static constexpr bool fits = false;
};
}  // namespace gantry
