#pragma once
#include <gantry/gantry.hpp>

#include <array>

// Karras, Laine and Aila, "A style-based generator architecture for generative adversarial networks" (2019),
// small: a mapping network turns noise into a style, which modulates each layer of a generator that begins
// with a learned constant.

namespace gantry::networks {

/// z / sqrt(mean of z^2 + 1e-8), per sample.
auto pixel_norm(const auto& z) { return z * inverse_sqrt(mean_per_sample(square(z)) + 1e-8); }
template <int noise, int style>
struct MappingNetwork {
    Dense<noise, style> first;
    std::array<Dense<style, style>, 3> layers;

    auto operator()(const auto& z) const {
        auto w = leaky_relu(first(pixel_norm(z)), 0.2);
        for (const auto& layer : layers) w = leaky_relu(layer(w), 0.2);
        return w;
    }
};
/// Adaptive instance norm (Huang and Belongie 2017): each channel of each image gets the mean and deviation
/// that the style says.
template <int style, int channels>
struct AdaIn {
    Dense<style, channels> scale, shift;

    auto operator()(const auto& x, const auto& w) const {
        const auto normal = (x - mean_over<1, 2>(x)) * inverse_sqrt(variance_over<1, 2>(x) + 1e-5);
        return normal * (1.0 + scale(w)) + shift(w);
    }
};
/// Doubles the image, and convolves it in the style.
template <int style, int in, int out>
struct StyleBlock {
    Conv2d<in, out, Conv2dOptions{.size = 3, .padding = 1}> conv;
    AdaIn<style, out> norm;

    auto operator()(const auto& x, const auto& w) const {
        return norm(leaky_relu(conv(upsample<2>(x)), 0.2), w);
    }
};
/// Noise -> images of 16 x 16.
template <int noise, int style, int c>
struct StyleGenerator {
    using Input = Shape<Batch, noise>;
    MappingNetwork<noise, style> mapping;
    LearnedTensor<Shape<4, 4, 2 * c>, Role::embedding> constant;
    AdaIn<style, 2 * c> norm;
    StyleBlock<style, 2 * c, c> block1;
    StyleBlock<style, c, c> block2;
    Conv2d<c, 3, Conv2dOptions{.size = 1}> to_rgb;

    auto operator()(const auto& z) const {
        const auto w = mapping(z);
        const auto x = broadcast_to<Shape<Batch, 4, 4, 2 * c>>(constant(w), w.batch());
        return to_rgb(block2(block1(norm(x, w), w), w));
    }
};

}  // namespace gantry::networks
