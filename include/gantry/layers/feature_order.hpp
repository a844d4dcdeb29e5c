#pragma once
#include <gantry/layers/sequential.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>

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

/// The permutation between channels-last and channels-first for an image of these extents; {} if there is
/// none.
constexpr core::FlatImage flat_image(const core::Extents& extents) {
    if (extents.rank != 4 || extents.of[1] * extents.of[2] == 1 || extents.of[3] == 1) return {};
    return {extents.of[1] * extents.of[2], extents.of[3]};
}

template <class P, class L, class X, class Y>
constexpr bool parameter_is_known() {
    constexpr std::size_t size = P::shape::sample_size;
    constexpr layers::FeatureOrder order = layers::feature_order_of<L>;
    if constexpr (P::file_order == core::FileOrder::unknown) return false;
    if constexpr (order == layers::FeatureOrder::kept && !std::is_same_v<Y, core::AnyShape>)
        // PyTorch's features are not the last extent of a rank-3 tensor.
        return P::shape::rank < 2 && Y::rank != 3 && (size == 1 || size == last_extent<Y>);
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

namespace layers {
/// Feature order of a layer's input and output vectors; {1, 1} for images, whose channels have PyTorch's
/// order.
struct LayerOrders {
    core::FlatImage inputs{}, outputs{};
};
}  // namespace layers

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

/// Position p is the tensor before layer p. Layers that keep the order join consecutive positions into a run
/// with one order. The order of a run is determined by the images in it and by its positions that must have
/// PyTorch's order: the network's input and output, and the inputs and outputs of layers without a
/// feature_order.
template <std::size_t count>
constexpr NetworkOrders<count> order_features(const std::array<LayerTrace, count>& layers) {
    NetworkOrders<count> result;
    const auto shape = [&](std::size_t p) { return p < count ? layers[p].takes : layers[count - 1].makes; };
    const auto keeps_pytorch_order = [&](std::size_t layer) {
        return layer < count && layers[layer].keeps_pytorch_order();  // layer -1 wraps around: out of range
    };
    for (std::size_t i = 0; i < count; ++i) {
        const LayerTrace& layer = layers[i];
        if (!layer.parameters_known) result.fail(diagnosis::OrderProblem::parameter, i);
        if (layer.order == layers::FeatureOrder::view && layer.takes.rank == 0)
            result.fail(diagnosis::OrderProblem::image_size, i);
        if (layer.order == layers::FeatureOrder::unknown && layer.makes.rank != 4 &&
            flat_image(layer.takes) != core::FlatImage{})
            result.fail(diagnosis::OrderProblem::layer, i);
    }
    for (std::size_t begin = 0, end = 0; begin <= count; begin = end) {
        std::optional<core::FlatImage> order;
        std::optional<std::size_t> silent;  // a layer without a feature_order
        for (end = begin; end == begin || (end <= count && layers[end - 1].keeps_order()); ++end) {
            const bool decides = end == 0 || end == count || shape(end).rank != 2 ||
                                 keeps_pytorch_order(end) || keeps_pytorch_order(end - 1);
            if (!decides) continue;
            for (const std::size_t layer : {end - 1, end})
                if (layer < count && layers[layer].order == layers::FeatureOrder::unknown &&
                    shape(end).rank == 2)
                    silent = layer;
            const core::FlatImage here = flat_image(shape(end));
            if (order && *order != here)
                silent ? result.fail(diagnosis::OrderProblem::layer, *silent)
                       : result.fail(diagnosis::OrderProblem::other_image, end < count ? end : count - 1);
            order = here;
        }
        // Sets every element: g++ 12 loses elements that only have their default initialisers.
        for (std::size_t p = begin; p < end; ++p) {
            const core::FlatImage vector = shape(p).rank == 2 && order ? *order : core::FlatImage{};
            if (p < count) result.layers[p].inputs = vector;
            if (p > 0) result.layers[p - 1].outputs = vector;
        }
    }
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

}  // namespace gantry
