#pragma once
#include "networks/windows.hpp"
#include <gantry/gantry.hpp>

// Zhang, Goodfellow, Metaxas and Odena, "Self-attention generative adversarial networks" (2019), section 3.

namespace gantry::networks {

/// Adds to each pixel a mean of all pixels, weighted by how well their keys fit its query. At the beginning
/// gamma is 0 and the block passes its input on.
template <int channels, int reduced = channels / 8>
struct SelfAttention {
    static constexpr Conv2dOptions per_pixel{.size = 1, .bias = false};

    Conv2d<channels, reduced, per_pixel> query, key;
    Conv2d<channels, channels, per_pixel> value;
    LearnedTensor<Shape<1>> gamma;

    auto operator()(const auto& x) const {
        const auto q = flatten<1, 2>(query(x)), k = flatten<1, 2>(key(x));
        const auto scores = batched_matmul<Transpose::right>(q, k);  // (B, query, key)
        const auto attended = batched_matmul(softmax(scores), flatten<1, 2>(value(x)));
        return x + gamma(x) * reshape_as(attended, x);
    }
};

/// A discriminator with attention at half the size of its images. -> logits Shape<Batch, 1>
template <int c>
struct AttentiveDiscriminator {
    using Input = Shape<Batch, 16, 16, 3>;
    Fused<Conv2d<3, c, by_two>, LeakyReLU<0.2>> conv1;
    SelfAttention<c> attention;
    Fused<Conv2d<c, 2 * c, by_two>, LeakyReLU<0.2>> conv2;
    Dense<2 * c, 1> head;

    auto operator()(const auto& image) const {
        return head(global_avg_pool2d(conv2(attention(conv1(image)))));
    }
};

}  // namespace gantry::networks
