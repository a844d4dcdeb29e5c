#pragma once
#include <gantry/layers/cost.hpp>
#include <gantry/layers/layer_table.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/layers/struct_call.hpp>
#include <gantry/layers/struct_members.hpp>

#include <cstddef>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry {

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

/// Whether part L of a struct, by itself, has an order of features in files, and which; see
/// feature_order.hpp.
template <class L>
struct PartOrders;
/// The input and the output of a struct, as a leaf layer for feature_order.hpp. Types do not tell how the
/// call operator connects the parts, so each part is examined by itself.
struct StructBorder : layers::PlainLayer {
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::own;
};
template <class L, std::size_t leaf_index>
struct LeafOfPart : StructBorder {
    using Of = L;
    static constexpr std::size_t leaf = leaf_index;
};
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
    using Body = BodyType;                                                     ///< the struct
    static constexpr detail::PartTotals totals = detail::part_totals<Body>();  ///< sums over the parts
    using NestedTag = void;
    static constexpr bool contains_struct = true;  ///< it is one
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
    /// True if the parts fit together for inputs of shapes X...; if not, an error has been reported.
    template <class... X>
    static constexpr bool fits = detail::StructFits<Body, X...>::fits;

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
        const auto y = std::as_const(body)(detail::as_argument<T>(x)...);
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
    /// Calls f(Type<layer>, Type<input shape>, Type<output shape>) for what feature_order.hpp sees of the
    /// struct, whose input is X.
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
