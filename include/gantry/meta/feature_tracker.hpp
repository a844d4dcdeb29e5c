#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/core/shape.hpp>

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>

namespace gantry::core {

/// The image whose pixels and channels the features of a vector are; {1, 1} for an image in which PyTorch has
/// the same order.
constexpr FlatImage flat_image(const Extents& extents) {
    if (extents.rank != 4 || extents.of[1] * extents.of[2] == 1 || extents.of[3] == 1) return {};
    return {extents.of[1] * extents.of[2], extents.of[3]};
}

/// Follows the vectors of a pass that are flattened images, or become images, through its ops. PyTorch orders
/// their features differently, and with them the parameters of the layers that take and make them. A vector
/// may become an image after ops and layers have made and taken it, so the pass is repeated, on a new device,
/// until no more are found: see `repeat`.
class FeatureTracker {
public:
    /// What a layer does with the order of features; see layers::FeatureOrder.
    enum class Layer { other, keeps_order, connects_all };
    /// The images that a layer's input and output vectors are.
    struct Orders {
        std::optional<FlatImage> inputs{};
        FlatImage outputs{};
    };
    /// Why no order of the parameters gives PyTorch's network.
    struct Problem {
        std::size_t leaf;  ///< the layer; no_layer if it is not one layer's
        const char* why;
    };
    static constexpr std::size_t no_layer = ~std::size_t{0};

    /// Begins a pass like that of `before`, knowing the images that were found in it.
    void repeat(const FeatureTracker& before) {
        known_ = before.known_;
        known_.insert(before.images_.begin(), before.images_.end());
    }
    /// True if the pass has found images that `repeat` did not know.
    bool found_more() const {
        for (const auto& [vector, image] : images_)
            if (!known_.contains(vector)) return true;
        return false;
    }

    /// The network takes x.
    template <class Ref>
    void takes(const Ref& x) {
        if (x.extents.rank != 2) return;
        inputs_.insert(x.data);
        if (const FlatImage image = image_of(x.data); image != FlatImage{}) becomes(x.data, image);
    }
    /// The network returns a tensor.
    template <class Ref>
    void returns(const Ref& y) {
        if (y.extents.rank == 2 && image_of(y.data) != FlatImage{})
            problem_ = {no_layer, "the network returns a flattened image"};
    }
    /// Layer `leaf` returned its parameter, which ops apply to whatever they like.
    template <class Ref>
    void learned(std::size_t leaf, const Ref& y) {
        if (y.size() > 1) learned_[y.data] = leaf;
    }
    /// An op made y of the inputs, TensorRefs.
    template <class Ref>
    void ran(const Ref& y, std::initializer_list<Ref> inputs) {
        for (const Ref& x : inputs) {
            if (x.data == y.data && x.extents != y.extents)
                viewed(x, y);
            else if (x.extents == y.extents && x.extents.rank == 2)
                follow(x.data, y.data);
            else if (x.extents.rank == 2 && image_of(x.data) != FlatImage{})
                mixed(y, inputs);
        }
        const FlatImage image = image_of(y.data);
        if (image == FlatImage{} || y.extents.rank != 2) return;
        for (const Ref& x : inputs)  // the others of an elementwise op have its order as well
            if (x.extents == y.extents) {
                if (image_of(x.data) != image) becomes(x.data, image);
            } else if (const auto found = learned_.find(x.data); found != learned_.end()) {
                problem_ = {found->second, "a LearnedTensor is applied to a flattened image"};
            }
    }
    /// Layer `leaf`, which has parameters for features, made y of x.
    void called(std::size_t leaf, Layer layer, const void* x, const void* y) {
        const FlatImage image = image_of(x);
        if (image == part_of_vector)
            problem_ = {leaf, "the flattened image is only a part of the layer's input"};
        else if (layer != Layer::other)
            take(leaf, image);
        else if (image != FlatImage{})
            problem_ = {leaf, "the layer has no feature_order"};
        makers_[y] = {leaf, layer};
        if (layer == Layer::keeps_order)
            follow(x, y);
        else if (x != y)
            images_.erase(y);
        if (const FlatImage known = image_of(y); known != FlatImage{}) becomes(y, known);
    }

    /// Of the layers that were called, by their leaf numbers.
    const std::map<std::size_t, Orders>& orders() const { return orders_; }
    /// Set if a layer has no order in which PyTorch would have the same features.
    const std::optional<Problem>& problem() const { return problem_; }

private:
    struct Maker {
        std::size_t leaf;
        Layer layer;
    };
    /// Stands for the image of a vector that holds one among other features, or sums over one.
    static constexpr FlatImage part_of_vector{0, 0};

    FlatImage image_of(const void* vector) const {
        if (const auto known = known_.find(vector); known != known_.end()) return known->second;
        const auto found = images_.find(vector);
        return found == images_.end() ? FlatImage{} : found->second;
    }
    template <class Ref>
    void viewed(const Ref& x, const Ref& y) {
        if (y.extents.rank == 2 && flat_image(x.extents) != FlatImage{})
            images_[y.data] = flat_image(x.extents);
        // Three extents, such as pixels and channels, have the order of memory.
        if (x.extents.rank == 2 && flat_image(y.extents) != FlatImage{})
            becomes(x.data, flat_image(y.extents));
    }
    /// An op that is not elementwise, such as a concatenation, has used a flattened image.
    template <class Ref>
    void mixed(const Ref& y, std::initializer_list<Ref> inputs) {
        if (y.extents.rank == 2 && y.extents.of[1] > 1) images_[y.data] = part_of_vector;
        for (const Ref& x : inputs)
            if (const auto found = learned_.find(x.data); found != learned_.end())
                problem_ = {found->second, "a LearnedTensor is applied to a flattened image"};
    }
    void follow(const void* x, const void* y) {
        if (const FlatImage image = image_of(x); image != FlatImage{}) images_[y] = image;
    }
    /// The vector has an image's order, and so have the parameters of the layer that made it.
    void becomes(const void* vector, const FlatImage& image) {
        if (image == part_of_vector) return;  // a problem only if a layer takes it
        if (inputs_.contains(vector))
            problem_ = {no_layer, "an input of the network has the order of a flattened image"};
        if (const FlatImage before = image_of(vector); before != FlatImage{} && before != image)
            problem_ = {no_layer, "a vector is two images of different sizes"};
        images_[vector] = image;
        const auto maker = makers_.find(vector);
        if (maker == makers_.end()) return;
        const auto [leaf, layer] = maker->second;
        if (layer == Layer::other)
            problem_ = {leaf, "the layer has no feature_order"};
        else
            make(leaf, image);
    }
    void take(std::size_t leaf, const FlatImage& image) {
        std::optional<FlatImage>& order = orders_[leaf].inputs;
        if (order && *order != image) problem_ = {leaf, "the layer is called with different images"};
        order = image;
    }
    void make(std::size_t leaf, const FlatImage& image) {
        FlatImage& order = orders_[leaf].outputs;
        if (order != FlatImage{} && order != image)
            problem_ = {leaf, "the results of the layer are different images"};
        order = image;
    }

    std::map<const void*, FlatImage> known_, images_;  ///< found in earlier passes; in this one
    std::map<const void*, Maker> makers_;
    std::map<const void*, std::size_t> learned_;  ///< results of layers that are parameters
    std::set<const void*> inputs_;
    std::map<std::size_t, Orders> orders_;
    std::optional<Problem> problem_;
};

}  // namespace gantry::core
