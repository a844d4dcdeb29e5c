#pragma once
#include <gantry/gantry.hpp>

// FluxGAN.jl's networks for CIFAR-10: fully connected ones, and convolutional ones with maxout discriminators
// that follow Goodfellow et al., "Generative adversarial nets" (2014).

namespace gantry::networks {

/// Fully connected, for flattened 32x32 colour images.
struct FluxGanDense32 {
    static constexpr double learning_rate = 1e-4;
    using Generator =
        Sequential<Dense<100, 8000>, ReLU, Dense<8000, 8000>, Tanh, Dense<8000, 32 * 32 * 3>, Tanh>;
    using Discriminator =
        Sequential<Maxout<Dense<32 * 32 * 3, 1600>, 5>, Maxout<Dense<1600, 1600>, 5>, Dense<1600, 1>>;
    static_assert(Generator::parameter_count == 89'395'072 && Discriminator::parameter_count == 37'393'601);
};

/// A generator of two dense layers and a transposed convolution against a discriminator of maxout
/// convolutions, each followed by `Pool`: AvgPool2d in FluxGAN.jl, MaxPool2d in the paper's code.
template <template <Pool2dOptions> class Pool>
struct MaxoutConvolutions32 {
    static constexpr double learning_rate = 1e-4;
    using Generator =
        Sequential<Dense<100, 8000>, ReLU, Dense<8000, 8000>, Tanh, Reshape<10, 10, 80>,  // 10x10
                   ConvTranspose2d<80, 3, Conv2dOptions{.size = 5, .stride = 3}>, Tanh>;  // 32x32
    using Discriminator =
        Sequential<InputShape<32, 32, 3>,                                               // 32x32
                   Maxout<Conv2d<3, 32, Conv2dOptions{.size = 8, .padding = 4}>, 2>,    // 33x33
                   Pool<Pool2dOptions{.size = 4, .stride = 2}>,                         // 15x15
                   Maxout<Conv2d<32, 32, Conv2dOptions{.size = 8, .padding = 3}>, 2>,   // 14x14
                   Pool<Pool2dOptions{.size = 4, .stride = 2}>,                         // 6x6
                   Maxout<Conv2d<32, 192, Conv2dOptions{.size = 5, .padding = 3}>, 2>,  // 8x8
                   Pool<Pool2dOptions{.size = 2}>,                                      // 4x4
                   Flatten, Maxout<Dense<4 * 4 * 192, 500>, 5>, Dense<500, 1>>;
    static_assert(Generator::parameter_count == 64'822'003 && Discriminator::parameter_count == 8'134'073);
};
using FluxGanConvolutional32 = MaxoutConvolutions32<AvgPool2d>;
using GoodfellowConvolutional32 = MaxoutConvolutions32<MaxPool2d>;

}  // namespace gantry::networks
