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
// that are applied to such a vector. For chains of layers, everything is derived from the shapes at compile
// time; for structs, from a pass on a device that computes nothing.

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
    return result;
}

/// What types tell of an architecture with a struct in it: whether each parameter has an order in files.
template <class Architecture>
constexpr NetworkOrders<0> check_leaves() {
    NetworkOrders<0> result;
    std::size_t leaf = 0;
    Architecture::each_leaf([&]<class L>(Type<L>) {
        if (!parameters_are_known<L, core::AnyShape, core::AnyShape>(typename L::Parameters{}) ||
            !parameters_are_known<L, core::AnyShape, core::AnyShape>(typename L::State{}))
            result.fail(diagnosis::OrderProblem::parameter, leaf);
        ++leaf;
    });
    return result;
}
}  // namespace detail

namespace layers {
/// The orders of the features of a network's parameters in PyTorch's files, or why there is none. Those of an
/// architecture with a struct in it are known at run time: see orders_in_files.
template <class Architecture>
inline constexpr auto feature_orders = [] {
    if constexpr (layers::contains_struct<Architecture>) {
        return detail::check_leaves<Architecture>();
    } else {
        if constexpr (detail::leaf_count<Architecture> == 0)
            return detail::NetworkOrders<0>{};  // the layers do not fit together
        else
            return detail::order_features(detail::trace_layers<Architecture>());
    }
}();
}  // namespace layers

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
/// True if a layer has parameters for the features of vectors; a convolution has them for channels.
template <class Architecture>
inline constexpr bool has_parameters_of_features = [] {
    bool found = false;
    Architecture::each_leaf([&]<class L>(Type<L>) {
        found = found || (L::Parameters::count + L::State::count > 0 &&
                          layers::feature_order_of<L> != layers::FeatureOrder::unknown);
    });
    return found;
}();
/// Errors: the tracker has found a problem. `name(leaf)`: the name of a leaf layer.
template <class Name>
std::vector<layers::LayerOrders> tracked_orders(const core::FeatureTracker& features, std::size_t leaves,
                                                const Name& name) {
    if (const auto& problem = features.problem())
        fail("checkpoint",
             "PyTorch flattens images in a different order, and no order of this network's parameters "
             "compensates for it: ",
             problem->why,
             problem->leaf == core::FeatureTracker::no_layer ? std::string() : ": " + name(problem->leaf));
    std::vector<layers::LayerOrders> orders(leaves);
    for (const auto& [leaf, order] : features.orders())
        orders[leaf] = {order.inputs.value_or(core::FlatImage{}), order.outputs};
    return orders;
}
}  // namespace detail

namespace layers {
/// The feature orders of all leaf layers of an architecture in PyTorch's files. With a struct in it, they are
/// found by a pass on a device that computes nothing. Errors: a layer has no such order; the shape of a
/// struct's input is unknown (compile time).
template <class Architecture>
std::vector<LayerOrders> orders_in_files() {
    if constexpr (!layers::contains_struct<Architecture>) {
        constexpr auto& orders = feature_orders<Architecture>.layers;
        return {orders.begin(), orders.end()};
    } else {
        if constexpr (detail::has_parameters_of_features<Architecture>) {
            static_cast<void>(sizeof(diagnosis::StructDeclaresInput<Architecture>));
            if constexpr (detail::can_run_declared<Architecture>) {
                const auto device = detail::trace_declared<Architecture>();
                return detail::tracked_orders(device->features, Architecture::leaves, [](std::size_t leaf) {
                    return Architecture::template summary_rows<typename Architecture::Input, false>()[leaf]
                        .layer;
                });
            }
        }
        return std::vector<LayerOrders>(Architecture::leaves);
    }
}
}  // namespace layers

}  // namespace gantry
