#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/core/shape.hpp>

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>

namespace gantry::core {

/// The image whose pixels and channels the features of a vector are; {1, 1} for an image in which PyTorch has
/// the same order.
constexpr FlatImage flat_image(const Extents& extents) {
    if (extents.rank != 4 || extents.of[1] * extents.of[2] == 1 || extents.of[3] == 1) return {};
    return {extents.of[1] * extents.of[2], extents.of[3]};
}

/// Follows the vectors of a pass that are flattened images, or become images, through its ops. PyTorch orders
/// their features differently, and with them the parameters of the layers that take and make them.
class FeatureTracker {
public:
    /// What a layer does with the order of features; see layers::FeatureOrder.
    enum class Layer { other, keeps_order, connects_all };
    /// The images that a layer's input and output vectors are.
    struct Orders {
        FlatImage inputs{}, outputs{};
    };

    /// A problem() that is not one layer's.
    static constexpr std::size_t no_layer = ~std::size_t{0};

    /// An op made y of the inputs, TensorRefs.
    template <class Ref>
    void ran(const Ref& y, std::initializer_list<Ref> inputs) {
        if (paused) return;
        for (const Ref& x : inputs) {
            if (x.data == y.data && x.extents != y.extents) {  // a view
                if (y.extents.rank != 4 && flat_image(x.extents) != FlatImage{})
                    images_[y.data] = flat_image(x.extents);
                // Three extents, such as pixels and channels, have the order of memory.
                if (x.extents.rank != 4 && flat_image(y.extents) != FlatImage{} &&
                    !becomes(x.data, flat_image(y.extents)) && x.extents.rank == 2)
                    problem_ = no_layer;
            } else if (x.extents == y.extents && x.extents.rank == 2) {
                follow(x.data, y.data);
            }
        }
        if (const FlatImage image = image_of(y.data); image != FlatImage{} && y.extents.rank == 2)
            for (const Ref& x : inputs)  // the others of an elementwise op have its order as well
                if (x.extents == y.extents && image_of(x.data) != image) becomes(x.data, image);
    }
    /// Layer number `part`, which has parameters for features, made y of x.
    void called(std::size_t part, Layer layer, const void* x, const void* y) {
        const FlatImage image = image_of(x);
        if (layer == Layer::other) {
            if (image != FlatImage{}) problem_ = part;
        } else {
            set(part, orders_[part].inputs, image);
        }
        if (layer == Layer::keeps_order) {
            set(part, orders_[part].outputs, image);
            follow(x, y);
        } else {
            images_.erase(y);
            made_of_.erase(y);
        }
        makers_[y] = {part, layer};
    }

    /// Ops are not followed: those of a Sequential, whose orders are known from its type.
    bool paused = false;

    /// Of the layers that were called, by their numbers.
    const std::map<std::size_t, Orders>& orders() const { return orders_; }
    /// The number of a layer that has no order in which PyTorch would have the same features, if there is
    /// one.
    std::optional<std::size_t> problem() const { return problem_; }

private:
    struct Maker {
        std::size_t part;
        Layer layer;
    };

    FlatImage image_of(const void* vector) const {
        const auto found = images_.find(vector);
        return found == images_.end() ? FlatImage{} : found->second;
    }
    void follow(const void* x, const void* y) {
        if (x == y) return;
        if (const FlatImage image = image_of(x); image != FlatImage{}) images_[y] = image;
        made_of_.emplace(y, x);
    }
    /// The vector gets an image's order, and so does whatever made it. False if no layer made it.
    bool becomes(const void* vector, const FlatImage& image) {
        bool made = false;
        if (const auto maker = makers_.find(vector); maker != makers_.end()) {
            const auto [part, layer] = maker->second;
            if (layer == Layer::other)
                problem_ = part;
            else
                set(part, orders_[part].outputs, image);
            made = layer != Layer::keeps_order;
        }
        for (auto [from, end] = made_of_.equal_range(vector); from != end; ++from)
            made = becomes(from->second, image) || made;
        return made;
    }
    void set(std::size_t part, FlatImage& order, const FlatImage& image) {
        if (order != FlatImage{} && image != order) problem_ = part;
        order = image;
    }

    std::map<const void*, FlatImage> images_;
    std::multimap<const void*, const void*> made_of_;  ///< elementwise, by result
    std::map<const void*, Maker> makers_;
    std::map<std::size_t, Orders> orders_;
    std::optional<std::size_t> problem_;
};

}  // namespace gantry::core
