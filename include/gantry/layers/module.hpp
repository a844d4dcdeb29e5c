#pragma once
#include <gantry/layers/cost.hpp>
#include <gantry/layers/layer_table.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/layers/struct_call.hpp>
#include <gantry/layers/struct_members.hpp>

#include <cstddef>
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
    static constexpr std::size_t leaves = totals.leaves;            ///< layers that are no containers

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
        const detail::PartPass<T, D> shared(
            {cursor.parameters, cursor.states, cursor.device, cursor.leaves, cursor.memory}, pass.dropout,
            P::training);
        Body body{};
        detail::PartPlace place{&shared, {}, 0};
        detail::place_parts(body, place);
        const auto y = std::as_const(body)(detail::as_argument<T>(x)...);
        if constexpr (detail::is_meta<D>) cursor.device->leaf = shared.first_leaf + leaves;
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
    }

    /// A table of the layers for inputs of shapes X..., by default the struct's own Input: output shape,
    /// number of parameters, FLOPs and memory of the activations per sample. The total includes ops that are
    /// no layers.
    template <class... X>
    static std::string summary() {
        if constexpr (sizeof...(X) == 0)
            return detail::summary_of<Module>(std::type_identity<typename detail::InputsOf<Module>::type>{});
        else
            return detail::summary_of<Module>(std::type_identity<Inputs<X...>>{});
    }
    /// A row for each layer, in the order of the members; X may be Inputs.
    template <class X, bool costs = true>
    static std::vector<SummaryRow> summary_rows() {
        return detail::rows_of<Module, costs>(std::type_identity<typename detail::AsInputs<X>::type>{});
    }
    template <class>
    static void list_rows(std::vector<SummaryRow>& list, const std::string& prefix) {
        const auto append = [&]<class M>(detail::Type<M>, const std::string& name) {
            using L = typename M::PartLayer;
            if constexpr (requires { typename L::NestedTag; })
                L::template list_rows<typename L::Input>(list, prefix + name + '.');
            else
                list.push_back({prefix + name + "  " + M::name(), "any", L::Parameters::size});
        };
        detail::each_part<Body>(append, "");
    }
    /// Calls f(Type<layer>) for every leaf layer.
    template <class F>
    static constexpr void each_leaf(const F& f) {
        detail::each_leaf_of_member<Body>(f);
    }

private:
    template <bool learned>
    static std::vector<core::ParameterInfo> all_tensors(const std::string& prefix) {
        std::vector<core::ParameterInfo> list;
        std::size_t leaf = 0;
        list_tensors<learned>(list, prefix, 0, leaf);
        return list;
    }
};
}  // namespace layers

}  // namespace gantry
