#pragma once
#include <gantry/core/error.hpp>
#include <gantry/layers/cost.hpp>
#include <gantry/layers/sequential.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

// The order of a network's features in a file. Images are channels-last in gantry and channels-first in
// PyTorch, so the features of a vector that is a flattened image, or is reshaped to one, are permuted between
// the two. Files permute accordingly the rows and columns of the matrices, and the per-feature parameters,
// that are applied to such a vector. Everything is derived from the shapes at compile time.

namespace gantry {

namespace diagnosis {
/// Why a network cannot be saved to a file that PyTorch reads as the same network; PyTorchOrder explains
/// each.
enum class OrderProblem { none, image_size, other_image, layer, parameter };

/// Compile-time error where a network without an equivalent PyTorch file is saved or loaded. `layer_index`
/// counts the leaf layers of nested Sequentials, from 0.
template <int layer_index, OrderProblem problem>
struct PyTorchOrder {
    static_assert(problem != OrderProblem::image_size,
                  "gantry: PyTorch flattens images in a different order, and the size of the images is "
                  "needed to save or load this network: begin the network with InputShape<height, width, "
                  "channels> (see PyTorchOrder<layer index, problem>)");
    static_assert(problem != OrderProblem::other_image,
                  "gantry: PyTorch flattens images in a different order, and no order of this network's "
                  "parameters compensates for it: put a Dense layer between the flattened image and the "
                  "network's output or an image of another shape; if the network takes or returns images, do "
                  "not flatten them at its input or output (see PyTorchOrder<layer index, problem>)");
    static_assert(problem != OrderProblem::layer,
                  "gantry: PyTorch flattens images in a different order, and a layer of this network does "
                  "not declare how it changes the order of features: give it a feature_order (see "
                  "FeatureOrder and PyTorchOrder<layer index, problem>)");
    static_assert(problem != OrderProblem::parameter,
                  "gantry: a parameter of a layer does not declare its order in PyTorch's files: give it a "
                  "FileOrder; with FeatureOrder::kept it must be a vector with one value per feature or one "
                  "for all (see PyTorchOrder<layer index, problem>)");
};
}  // namespace diagnosis

namespace layers {
/// Feature order of a layer's input and output vectors; {1, 1} for images, whose channels have PyTorch's
/// order.
struct LayerOrders {
    core::FlatImage inputs{}, outputs{};  ///< the images that they flatten, if any

    bool operator==(const LayerOrders&) const = default;
};
}  // namespace layers

namespace detail {
/// A leaf layer with its input and output shapes; rank 0: unknown.
struct LayerTrace {
    layers::FeatureOrder order = layers::FeatureOrder::unknown;
    core::Extents takes{}, makes{};
    bool parameters_known = true;
    layers::LayerOrders orders{};                                     ///< of a part of a struct
    diagnosis::OrderProblem problem = diagnosis::OrderProblem::none;  ///< of a part of a struct

    /// True if element i of the result corresponds to element i of the input.
    constexpr bool keeps_order() const {
        return order == layers::FeatureOrder::kept || order == layers::FeatureOrder::view;
    }
    constexpr bool keeps_pytorch_order() const {
        return order == layers::FeatureOrder::unknown || order == layers::FeatureOrder::own;
    }
};

template <class P, class L, class X, class Y>
constexpr bool parameter_is_known() {
    constexpr std::size_t size = P::shape::sample_size;
    constexpr layers::FeatureOrder order = layers::feature_order_of<L>;
    if constexpr (P::file_order == core::FileOrder::unknown) return false;
    if constexpr (order == layers::FeatureOrder::kept && !std::is_same_v<Y, core::AnyShape>)
        // PyTorch's features are not the last extent of a rank-3 tensor.
        return P::shape::rank < 2 && Y::rank != 3 && (size == 1 || size == last_extent<Y>);
    if constexpr (order == layers::FeatureOrder::free && P::file_order == core::FileOrder::inputs &&
                  X::rank == 2)
        return size == last_extent<X>;
    if constexpr (order == layers::FeatureOrder::free && X::rank == 2 && Y::rank == 2)
        return P::file_order == core::FileOrder::transposed
                   ? P::shape::extents(0).first() == last_extent<X> &&
                         P::shape::extents(0).last() % last_extent<Y> == 0
                   : P::shape::rank < 2 && (size == 1 || size % Y::sample_size == 0);
    return true;
}
template <class L, class X, class Y, class... P>
constexpr bool parameters_are_known(core::ParameterList<P...>) {
    return (parameter_is_known<P, L, X, Y>() && ... && true);
}

template <class S>
constexpr core::Extents traced_extents() {
    if constexpr (std::is_same_v<S, core::AnyShape>)
        return {};
    else
        return S::extents(Batch);
}

template <class Architecture>
constexpr std::size_t leaf_count = [] {
    std::size_t count = 0;
    Architecture::template each_layer<typename Architecture::Input>([&](auto...) { ++count; });
    return count;
}();
template <class Architecture>
constexpr auto trace_layers() {
    std::array<LayerTrace, leaf_count<Architecture>> layers;
    LayerTrace* next = layers.data();
    Architecture::template each_layer<typename Architecture::Input>(
        [&]<class L, class X, class Y>(Type<L>, Type<X>, Type<Y>) {
            if constexpr (requires { typename L::Of; })
                *next++ = {.order = L::feature_order,
                           .orders = PartOrders<typename L::Of>::orders[L::leaf],
                           .problem = PartOrders<typename L::Of>::problem};
            else
                *next++ = {layers::feature_order_of<L>, traced_extents<X>(), traced_extents<Y>(),
                           parameters_are_known<L, X, Y>(typename L::Parameters{}) &&
                               parameters_are_known<L, X, Y>(typename L::State{})};
        });
    return layers;
}
}  // namespace detail

namespace detail {
template <std::size_t count>
struct NetworkOrders {
    std::array<layers::LayerOrders, count> layers{};
    diagnosis::OrderProblem problem = diagnosis::OrderProblem::none;
    int layer = 0;  ///< leaf index of the layer that has the problem

    constexpr void fail(diagnosis::OrderProblem what, std::size_t where) {
        if (problem != diagnosis::OrderProblem::none) return;
        problem = what;
        layer = static_cast<int>(where);
    }
};

/// The tensors between layers: position p is the tensor before layer p. A layer number may be out of range,
/// also by wrapping around below 0.
template <std::size_t count>
struct LayerPositions {
    const std::array<LayerTrace, count>& layers;

    constexpr const core::Extents& shape(std::size_t p) const {
        return p < count ? layers[p].takes : layers[count - 1].makes;
    }
    constexpr bool keeps_pytorch_order(std::size_t layer) const {
        return layer < count && layers[layer].keeps_pytorch_order();
    }
    /// True if position p determines the order of its run: an image, or a vector in PyTorch's order.
    constexpr bool decides(std::size_t p) const {
        return p == 0 || p == count || shape(p).rank != 2 || keeps_pytorch_order(p) ||
               keeps_pytorch_order(p - 1);
    }
    /// The layer without a feature_order that takes or makes the vector at p, if there is one.
    constexpr std::optional<std::size_t> silent_layer(std::size_t p) const {
        if (shape(p).rank != 2) return {};
        for (const std::size_t layer : {p, p - 1})
            if (layer < count && layers[layer].order == layers::FeatureOrder::unknown) return layer;
        return {};
    }
    /// End of the run of positions from `begin` on that layers join by keeping the order.
    constexpr std::size_t run_end(std::size_t begin) const {
        std::size_t end = begin + 1;
        while (end <= count && layers[end - 1].keeps_order()) ++end;
        return end;
    }
};

/// Reports the layers whose own part of a file has no order.
template <std::size_t count>
constexpr void check_layers(const std::array<LayerTrace, count>& layers, NetworkOrders<count>& result) {
    for (std::size_t i = 0; i < count; ++i) {
        const LayerTrace& layer = layers[i];
        if (layer.problem != diagnosis::OrderProblem::none) result.fail(layer.problem, i);
        if (!layer.parameters_known) result.fail(diagnosis::OrderProblem::parameter, i);
        if (layer.order == layers::FeatureOrder::view && layer.takes.rank == 0)
            result.fail(diagnosis::OrderProblem::image_size, i);
        if (layer.order == layers::FeatureOrder::unknown && layer.makes.rank != 4 &&
            core::flat_image(layer.takes) != core::FlatImage{})
            result.fail(diagnosis::OrderProblem::layer, i);
    }
}

/// The order of the run of positions [begin, end). Reports positions that need different orders.
template <std::size_t count>
constexpr core::FlatImage order_of_run(const LayerPositions<count>& positions, std::size_t begin,
                                       std::size_t end, NetworkOrders<count>& result) {
    std::optional<core::FlatImage> order;
    std::optional<std::size_t> silent;
    for (std::size_t p = begin; p < end; ++p) {
        if (!positions.decides(p)) continue;
        if (const auto layer = positions.silent_layer(p)) silent = layer;
        const core::FlatImage here = core::flat_image(positions.shape(p));
        if (order && *order != here)
            silent ? result.fail(diagnosis::OrderProblem::layer, *silent)
                   : result.fail(diagnosis::OrderProblem::other_image, p < count ? p : count - 1);
        order = here;
    }
    return order ? *order : core::FlatImage{};
}

/// Layers that keep the order join consecutive positions into a run with one order. It is determined by the
/// images in the run and by its positions that must have PyTorch's order: the network's input and output, and
/// the inputs and outputs of layers without a feature_order.
template <std::size_t count>
constexpr NetworkOrders<count> order_features(const std::array<LayerTrace, count>& layers) {
    NetworkOrders<count> result;
    const LayerPositions<count> positions{layers};
    check_layers(layers, result);
    for (std::size_t begin = 0, end = 0; begin <= count; begin = end) {
        end = positions.run_end(begin);
        const core::FlatImage order = order_of_run(positions, begin, end, result);
        // Sets every element: g++ 12 loses elements that only have their default initialisers.
        for (std::size_t p = begin; p < end; ++p) {
            const core::FlatImage vector = positions.shape(p).rank == 2 ? order : core::FlatImage{};
            if (p < count) result.layers[p].inputs = vector;
            if (p > 0) result.layers[p - 1].outputs = vector;
        }
    }
    for (std::size_t i = 0; i < count; ++i)
        if (layers[i].orders != layers::LayerOrders{}) result.layers[i] = layers[i].orders;
    return result;
}
}  // namespace detail

namespace layers {
/// The orders of the features of a network's parameters in PyTorch's files, or why there is none.
template <class Architecture>
inline constexpr auto feature_orders = [] {
    if constexpr (detail::leaf_count<Architecture> == 0)
        return detail::NetworkOrders<0>{};  // the layers do not fit together
    else
        return detail::order_features(detail::trace_layers<Architecture>());
}();
}  // namespace layers

namespace detail {
template <class L>
struct PartOrders {
    static constexpr std::size_t leaves = 1;
    static constexpr std::array<layers::LayerOrders, 1> orders{};
    static constexpr diagnosis::OrderProblem problem =
        parameters_are_known<L, core::AnyShape, core::AnyShape>(typename L::Parameters{}) &&
                parameters_are_known<L, core::AnyShape, core::AnyShape>(typename L::State{})
            ? diagnosis::OrderProblem::none
            : diagnosis::OrderProblem::parameter;
    /// Whether it has parameters for the features of vectors; a convolution has them for channels.
    static constexpr bool has_features = L::Parameters::count + L::State::count > 0 &&
                                         layers::feature_order_of<L> != layers::FeatureOrder::unknown;
};
template <class L>
    requires requires { typename L::NestedTag; }
struct PartOrders<L> {
    static constexpr bool has_features = L::Parameters::count > 0;
    static constexpr std::size_t leaves = leaf_count<L>;
    static constexpr auto orders = layers::feature_orders<L>.layers;
    static constexpr diagnosis::OrderProblem problem = layers::feature_orders<L>.problem;
};
}  // namespace detail

namespace diagnosis {
/// A network struct is saved or loaded whose call operator may flatten images.
template <class Architecture>
struct StructDeclaresInput {
    static_assert(
        !std::is_same_v<typename Architecture::Input, core::AnyShape>,
        "gantry: PyTorch flattens images in a different order, so the shape of its input is needed to "
        "save or load this network: declare it in the struct, using Input = Shape<Batch, height, width, "
        "channels>; or begin the Sequential with InputShape (see StructDeclaresInput<architecture>)");
};
}  // namespace diagnosis

namespace detail {
/// The name of a part of a struct, if the architecture is one.
template <class Architecture>
std::string part_text(std::size_t part) {
    if (part == core::FeatureTracker::no_layer) return "an input of the struct";
    if constexpr (requires { Architecture::part_name(part); })
        return Architecture::part_name(part);
    else
        return "layer " + std::to_string(part) + " of the struct";
}
/// True if a struct is a part of the architecture, or is one, with parameters for features of vectors.
template <class Architecture>
inline constexpr bool has_struct_with_features = [] {
    bool found = false;
    const auto look = [&]<class L, class X, class Y>(Type<L>, Type<X>, Type<Y>) {
        if constexpr (requires { typename L::Of; }) found = found || PartOrders<typename L::Of>::has_features;
    };
    if constexpr (requires { Architecture::template each_layer<typename Architecture::Input>(look); })
        Architecture::template each_layer<typename Architecture::Input>(look);
    return found;
}();
}  // namespace detail

namespace layers {
/// The feature orders of all leaf layers of an architecture in PyTorch's files. Those of a network struct are
/// found by a pass on a device that computes nothing. Errors: a layer of the struct has no such order; the
/// shape of the struct's input is unknown (compile time).
template <class Architecture>
std::vector<LayerOrders> orders_in_files() {
    std::vector<LayerOrders> orders(feature_orders<Architecture>.layers.begin(),
                                    feature_orders<Architecture>.layers.end());
    if constexpr (detail::has_struct_with_features<Architecture>) {
        static_cast<void>(sizeof(diagnosis::StructDeclaresInput<Architecture>));
        if constexpr (!std::is_same_v<typename Architecture::Input, core::AnyShape>) {
            const auto device = detail::trace_declared<Architecture>();
            std::optional<std::size_t> problem = device->features.problem();
            for (const auto& [part, order] : device->features.orders()) {
                if (order.inputs == core::FlatImage{} && order.outputs == core::FlatImage{}) continue;
                if constexpr (requires { Architecture::leaf_of_part(part); })
                    orders[Architecture::leaf_of_part(part)] = {order.inputs, order.outputs};
                else
                    problem = part;
            }
            if (problem)
                fail("checkpoint",
                     "PyTorch flattens images in a different order, which this layer of a network struct "
                     "cannot be "
                     "given: make the layers between it and the image one member, "
                     "Sequential<InputShape<height, "
                     "width, channels>, Flatten, ...>",
                     detail::part_text<Architecture>(*problem));
        }
    }
    return orders;
}
}  // namespace layers

}  // namespace gantry
