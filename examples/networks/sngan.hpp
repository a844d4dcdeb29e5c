#pragma once
#include <gantry/gantry.hpp>

// Miyato, Kataoka, Koyama and Yoshida, "Spectral normalization for generative adversarial networks" (2018):
// the residual networks for images of 32 x 32 (appendix B.4, table 4), with the names of Lee's mimicry.
// Shortcuts have a convolution of 1x1, which commutes with nearest-neighbour upsampling and with averages, so
// it runs at the lower resolution.

namespace gantry::networks::sngan {

template <int in, int out, int size>
using Convolution = Conv2d<in, out, Conv2dOptions{.size = size, .padding = size / 2}>;
template <int in, int out, int size>
using SpectralConvolution = SpectralNorm<Convolution<in, out, size>>;
inline constexpr Pool2dOptions halve{.size = 2};

/// Initial weights of a residual block, and of shortcuts and layers outside of blocks.
inline constexpr GlorotUniform of_block{.gain = 1.4142135623730951}, of_layer{};

/// Twice as high and wide.
template <int in, int out>
struct UpBlock {
    Fused<BatchNorm<in>, ReLU> b1;
    Convolution<in, out, 3> c1;
    Fused<BatchNorm<out>, ReLU> b2;
    Convolution<out, out, 3> c2;
    Convolution<in, out, 1> c_sc;

    auto operator()(const auto& x) const { return c2(b2(c1(upsample<2>(b1(x))))) + upsample<2>(c_sc(x)); }
    void initialize(const auto& set) const {
        set(c1, Role::weight, of_block);
        set(c2, Role::weight, of_block);
        set(c_sc, Role::weight, of_layer);
    }
};
/// The first block of the discriminator, half as high and wide: without an activation of the image.
template <int in, int out>
struct FirstBlock {
    Fused<SpectralConvolution<in, out, 3>, ReLU> c1;
    SpectralConvolution<out, out, 3> c2;
    SpectralConvolution<in, out, 1> c_sc;

    auto operator()(const auto& x) const { return avg_pool2d<halve>(c2(c1(x))) + c_sc(avg_pool2d<halve>(x)); }
    void initialize(const auto& set) const {
        set(c1, Role::weight, of_block);
        set(c2, Role::weight, of_block);
        set(c_sc, Role::weight, of_layer);
    }
};
/// Half as high and wide.
template <int in, int out>
struct DownBlock {
    Fused<SpectralConvolution<in, in, 3>, ReLU> c1;
    SpectralConvolution<in, out, 3> c2;
    SpectralConvolution<in, out, 1> c_sc;

    auto operator()(const auto& x) const {
        return avg_pool2d<halve>(c2(c1(relu(x)))) + c_sc(avg_pool2d<halve>(x));
    }
    void initialize(const auto& set) const {
        set(c1, Role::weight, of_block);
        set(c2, Role::weight, of_block);
        set(c_sc, Role::weight, of_layer);
    }
};
template <int channels>
struct Block {
    Fused<SpectralConvolution<channels, channels, 3>, ReLU> c1;
    SpectralConvolution<channels, channels, 3> c2;

    auto operator()(const auto& x) const { return c2(c1(relu(x))) + x; }
    void initialize(const auto& set) const {
        set(c1, Role::weight, of_block);
        set(c2, Role::weight, of_block);
    }
};

/// Noise -> images of 32 x 32 in [-1, 1].
template <int noise, int width>
struct Generator {
    using Input = Shape<Batch, noise>;

    Dense<noise, 16 * width> l1;
    UpBlock<width, width> block2, block3, block4;
    Fused<BatchNorm<width>, ReLU> b5;
    Convolution<width, 3, 3> c5;

    auto operator()(const auto& z) const {
        return tanh(c5(b5(block4(block3(block2(reshape<Shape<Batch, 4, 4, width>>(l1(z))))))));
    }
    void initialize(const auto& set) const {
        set(l1, Role::weight, of_layer);
        set(c5, Role::weight, of_layer);
    }
};
/// Images of 32 x 32 -> scores Shape<Batch, 1>.
template <int width>
struct Discriminator {
    using Input = Shape<Batch, 32, 32, 3>;

    FirstBlock<3, width> block1;
    DownBlock<width, width> block2;
    Block<width> block3, block4;
    SpectralNorm<Dense<width, 1>> l5;

    auto operator()(const auto& image) const {
        return l5(sum_over<1, 2>(relu(block4(block3(block2(block1(image)))))));
    }
    void initialize(const auto& set) const { set(l5, Role::weight, of_layer); }
};

/// The published configuration for CIFAR-10.
using Cifar10Generator = Generator<128, 256>;
using Cifar10Discriminator = Discriminator<128>;
static_assert(Network<Cifar10Generator, Cpu>::parameter_count == 4'276'739);
static_assert(Network<Cifar10Discriminator, Cpu>::parameter_count == 1'053'825);

}  // namespace gantry::networks::sngan
