#pragma once
#include <gantry/core/random.hpp>
#include <gantry/layers/layer_table.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/tensor/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace gantry {

namespace layers {
/// The shapes of the inputs of a network struct with several: using Input = layers::Inputs<Shape<Batch, 100>,
/// Shape<Batch, 10>>;
template <class... S>
struct Inputs {};

/// In Inputs: a tensor of integers, such as labels. layers::Inputs<Shape<Batch, 100>,
/// layers::Indices<Shape<Batch>>>
template <class S>
struct Indices {};

/// What a forward pass in training mode costs, per sample.
struct Cost {
    std::size_t flops = 0;  ///< floating-point operations
    std::size_t bytes = 0;  ///< memory of the activations, which are kept for the backward pass
};
}  // namespace layers

namespace detail {
template <class Input>
struct AsInputs {
    using type = layers::Inputs<Input>;
};
template <class... S>
struct AsInputs<layers::Inputs<S...>> {
    using type = layers::Inputs<S...>;
};
/// The Input of layer L as Inputs.
template <class L>
using InputsOf = AsInputs<typename L::Input>;

/// The tensor of an entry of Inputs.
template <class S, class T, class D>
struct MetaInput {
    using type = Tensor<S, T, D>;
};
template <class S, class T, class D>
struct MetaInput<layers::Indices<S>, T, D> {
    using type = Tensor<S, std::int32_t, D>;
};

/// The device for a pass of layer L. Only structs need a type of their own.
template <class L>
using MetaFor = std::conditional_t<layers::contains_struct<L>, MetaOf<struct_in<L>>, MetaOf<void>>;

/// Runs the forward pass of layer L for `samples` inputs of shapes X... on a device that computes nothing.
template <class L, class D, class T, class... X>
void run_pass(D& device, int samples) {
    RandomStream dropout(Seed{0}, "dropout");
    const auto numbers = [&](std::size_t count) {
        return static_cast<T*>(device.memory().allocate(count * sizeof(T)));
    };
    const layers::ParameterCursor<T, D, false> cursor{numbers(L::Parameters::size), numbers(L::State::size),
                                                      &device, nullptr, device.watch()};
    const auto run = [&](const auto&... x) {
        device.bytes = 0;
        (device.features.takes(x.value()), ...);
        const auto y = call_layer<L>(layers::Pass<true, T>{&dropout}, cursor, x...);
        if constexpr (AnyTensor<std::remove_const_t<decltype(y)>>) device.features.returns(y.value());
    };
    using Scalar = std::conditional_t<layers::takes_integers<L>, std::int32_t, T>;
    const auto input = [&]<class S, class E>(std::type_identity<Tensor<S, E, D>>) {
        return filled<S, E>(device, samples, 0);
    };
    run(input(std::type_identity<typename MetaInput<X, Scalar, D>::type>{})...);
}
/// The device after that pass. `before`: an earlier pass, whose images are known.
template <class D>
std::unique_ptr<D> trace(void (*pass)(D&, int), int samples, const D* before = nullptr) {
    auto device = std::make_unique<D>();
    if (before) device->features.repeat(before->features);
    pass(*device, samples);
    return device;
}
/// What a sample adds to the cost of a batch.
template <class D>
layers::Cost cost_of_a_sample(void (*pass)(D&, int)) {
    const auto three = trace(pass, 3), two = trace(pass, 2);
    return {three->flops - two->flops, three->bytes - two->bytes};
}
/// The same, and that of each leaf layer in its row, with the shape of its output.
template <class D>
layers::Cost list_costs(void (*pass)(D&, int), std::vector<layers::SummaryRow>& rows) {
    const auto three = trace(pass, 3), two = trace(pass, 2);
    for (std::size_t i = 0; i < two->calls.size(); ++i) {
        const core::ForwardMeta::LayerCall &call = two->calls[i], &larger = three->calls[i];
        layers::SummaryRow& row = rows[call.leaf];
        core::Extents output = call.output;
        if (output != larger.output) output.of[0] = Batch;
        row.output = extents_text(output);
        row.flops += larger.flops - call.flops;
        row.bytes += larger.bytes - call.bytes;
    }
    return {three->flops - two->flops, three->bytes - two->bytes};
}
/// The device after a pass of layer L, for its declared input, that has found all flattened images.
template <class L>
auto trace_declared() {
    using D = MetaFor<L>;
    const auto pass = []<class... S>(std::type_identity<layers::Inputs<S...>>) {
        return &run_pass<L, D, float, S...>;
    }(std::type_identity<typename InputsOf<L>::type>{});
    auto device = trace<D>(pass, 2);
    while (device->features.found_more()) device = trace<D>(pass, 2, device.get());
    return device;
}
/// True if layer L can be run for inputs of shapes X...
template <class L, class... X>
inline constexpr bool can_run = !(std::is_same_v<X, core::AnyShape> || ...);
template <class L, class... X>
    requires(!(std::is_same_v<X, core::AnyShape> || ...))
inline constexpr bool can_run<L, X...> = inner_layers_fit<L, X...>;
/// The same for its declared input.
template <class L>
inline constexpr bool can_run_declared = []<class... S>(std::type_identity<layers::Inputs<S...>>) {
    return can_run<L, S...>;
}(std::type_identity<typename InputsOf<L>::type>{});
}  // namespace detail

namespace layers {
/// The cost of the forward pass of a layer or an architecture L for inputs of shapes X..., by default its own
/// Input, with scalar T, per sample. Zero if the shapes are unknown or do not fit. Found by a pass on the
/// device Meta.
///     layers::cost<Generator>().flops
template <class L, class T = float, class... X>
Cost cost() {
    if constexpr (sizeof...(X) == 0) {
        return []<class... S>(std::type_identity<Inputs<S...>>) {
            return cost<L, T, S...>();
        }(std::type_identity<typename detail::InputsOf<L>::type>{});
    } else if constexpr (!detail::can_run<L, X...>) {
        return {};
    } else {
        using D = detail::MetaFor<L>;
        return detail::cost_of_a_sample<D>(&detail::run_pass<L, D, T, X...>);
    }
}
}  // namespace layers

namespace detail {
/// Lists the leaf layers of container L for inputs of shapes X..., and returns the cost of the whole. Without
/// `costs` the rows have no figures, and only the shapes that types know.
template <class L, bool costs, class... X>
layers::Cost list_layers(std::vector<layers::SummaryRow>& rows) {
    L::template list_rows<std::tuple_element_t<0, std::tuple<X...>>>(rows, "");
    if constexpr (costs && can_run<L, X...>)
        return list_costs<MetaFor<L>>(&run_pass<L, MetaFor<L>, float, X...>, rows);
    else
        return {};
}
template <class L, bool costs, class... X>
std::vector<layers::SummaryRow> rows_of(std::type_identity<layers::Inputs<X...>>) {
    std::vector<layers::SummaryRow> rows;
    static_cast<void>(list_layers<L, costs, X...>(rows));
    return rows;
}
/// The rows as a table, with the totals, which include ops that are in no layer.
template <class L, class... X>
std::string summary_of(std::type_identity<layers::Inputs<X...>>) {
    std::vector<layers::SummaryRow> rows;
    const layers::Cost total = list_layers<L, true, X...>(rows);
    return summary_text(rows, {"total", "", L::Parameters::size, total.flops, total.bytes});
}
}  // namespace detail

}  // namespace gantry
