#pragma once
#include "networks/windows.hpp"
#include <gantry/gantry.hpp>

// Miyato and Koyama, "cGANs with projection discriminator" (2018): labels enter the generator through its
// batch norms and the discriminator through an inner product with the class's vector.

namespace gantry::networks {

/// A batch norm whose scale and shift belong to a class: (image, labels) -> image.
template <int classes, int channels>
struct ConditionalBatchNorm {
    BatchNorm<channels, BatchNormOptions{.affine = false}> norm;
    Embedding<classes, channels> scale, shift;

    auto operator()(const auto& x, const auto& label) const {
        return norm(x) * (1.0 + scale(label)) + shift(label);
    }
};
/// Noise and labels -> images of 16 x 16 with `colours` channels.
template <int noise, int classes, int c, int colours>
struct ConditionalGenerator {
    using Input = layers::Inputs<Shape<Batch, noise>, layers::Indices<Shape<Batch>>>;

    Dense<noise, 16 * 2 * c> dense;
    ConditionalBatchNorm<classes, 2 * c> norm1;
    ConvTranspose2d<2 * c, c, by_two> conv1;
    ConditionalBatchNorm<classes, c> norm2;
    ConvTranspose2d<c, colours, by_two> conv2;

    auto operator()(const auto& z, const auto& label) const {
        const auto x = reshape<Shape<Batch, 4, 4, 2 * c>>(dense(z));
        return tanh(conv2(relu(norm2(conv1(relu(norm1(x, label))), label))));
    }
};
/// Images and labels -> logits Shape<Batch, 1>.
template <int classes, int c, int colours>
struct ProjectionDiscriminator {
    using Input = layers::Inputs<Shape<Batch, 16, 16, colours>, layers::Indices<Shape<Batch>>>;

    Fused<Conv2d<colours, c, by_two>, LeakyReLU<0.2>> conv1;
    Fused<Conv2d<c, 2 * c, by_two>, LeakyReLU<0.2>> conv2;
    Dense<2 * c, 1> head;
    Embedding<classes, 2 * c> embed;

    auto operator()(const auto& image, const auto& label) const {
        const auto features = sum_over<1, 2>(conv2(conv1(image)));
        return head(features) + sum_per_sample(features * embed(label));
    }
};

}  // namespace gantry::networks
