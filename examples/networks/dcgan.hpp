#pragma once
#include <gantry/gantry.hpp>

// Deep convolutional GANs. Source: Radford, Metz and Chintala, "Unsupervised representation learning with
// deep convolutional generative adversarial networks" (2015): strided convolutions instead of pooling, batch
// norm except at the generator's output and the discriminator's input, ReLU and tanh in the generator,
// LeakyReLU in the discriminator.

namespace gantry::networks {

/// No biases: a batch norm follows, or the original has none.
inline constexpr Conv2dOptions whole_4x4{.size = 4, .bias = false};
/// Halves the size of an image, or doubles it if transposed.
inline constexpr Conv2dOptions half_4x4{.size = 4, .stride = 2, .padding = 1, .bias = false};

/// For 32x32 colour images; `channel_factor` is the channel count of the layer next to the image. With
/// channel_factor 16, the DCGAN notebook for CIFAR-10 plus the padding that its networks need: as printed
/// they fit no 32x32 image.
template <int channel_factor>
struct Dcgan32 {
    static constexpr int n = channel_factor;

    using Generator = Sequential<InputShape<100>, Reshape<1, 1, 100>,                              // 1x1
                                 ConvTranspose2d<100, 4 * n, whole_4x4>, BatchNorm<4 * n>, ReLU,   // 4x4
                                 ConvTranspose2d<4 * n, 2 * n, half_4x4>, BatchNorm<2 * n>, ReLU,  // 8x8
                                 ConvTranspose2d<2 * n, n, half_4x4>, BatchNorm<n>, ReLU,          // 16x16
                                 ConvTranspose2d<n, 3, half_4x4>, Tanh>;                           // 32x32
    using Discriminator =
        Sequential<InputShape<32, 32, 3>,                                              // 32x32
                   Conv2d<3, n, half_4x4>, LeakyReLU<0.2f>,                            // 16x16
                   Conv2d<n, 2 * n, half_4x4>, BatchNorm<2 * n>, LeakyReLU<0.2f>,      // 8x8
                   Conv2d<2 * n, 4 * n, half_4x4>, BatchNorm<4 * n>, LeakyReLU<0.2f>,  // 4x4
                   Conv2d<4 * n, 1, whole_4x4>, Flatten>;                              // 1x1
};

/// For 28x28 greyscale images: pytorch/examples, cpp/dcgan.
struct Dcgan28 {
    using Generator = Sequential<
        InputShape<100>, Reshape<1, 1, 100>,                         // 1x1
        ConvTranspose2d<100, 256, whole_4x4>, BatchNorm<256>, ReLU,  // 4x4
        ConvTranspose2d<256, 128, Conv2dOptions{.size = 3, .stride = 2, .padding = 1, .bias = false}>,
        BatchNorm<128>, ReLU,                                     // 7x7
        ConvTranspose2d<128, 64, half_4x4>, BatchNorm<64>, ReLU,  // 14x14
        ConvTranspose2d<64, 1, half_4x4>, Tanh>;                  // 28x28
    using Discriminator =
        Sequential<InputShape<28, 28, 1>,                                              // 28x28
                   Conv2d<1, 64, half_4x4>, LeakyReLU<0.2f>,                           // 14x14
                   Conv2d<64, 128, half_4x4>, BatchNorm<128>, LeakyReLU<0.2f>,         // 7x7
                   Conv2d<128, 256, half_4x4>, BatchNorm<256>, LeakyReLU<0.2f>,        // 3x3
                   Conv2d<256, 1, Conv2dOptions{.size = 3, .bias = false}>, Flatten>;  // 1x1
    static_assert(Generator::parameter_count == 837'504 && Discriminator::parameter_count == 659'456);
};

/// For 64x64 colour images: pytorch/examples, dcgan.
struct Dcgan64 {
    using Generator = Sequential<InputShape<100>, Reshape<1, 1, 100>,                              // 1x1
                                 ConvTranspose2d<100, 512, whole_4x4>, BatchNorm<512>, ReLU,       // 4x4
                                 ConvTranspose2d<512, 256, half_4x4>, BatchNorm<256>, ReLU,        // 8x8
                                 ConvTranspose2d<256, 128, half_4x4>, BatchNorm<128>, ReLU,        // 16x16
                                 ConvTranspose2d<128, 64, half_4x4>, BatchNorm<64>, ReLU,          // 32x32
                                 ConvTranspose2d<64, 3, half_4x4>, Tanh>;                          // 64x64
    using Discriminator = Sequential<InputShape<64, 64, 3>,                                        // 64x64
                                     Conv2d<3, 64, half_4x4>, LeakyReLU<0.2f>,                     // 32x32
                                     Conv2d<64, 128, half_4x4>, BatchNorm<128>, LeakyReLU<0.2f>,   // 16x16
                                     Conv2d<128, 256, half_4x4>, BatchNorm<256>, LeakyReLU<0.2f>,  // 8x8
                                     Conv2d<256, 512, half_4x4>, BatchNorm<512>, LeakyReLU<0.2f>,  // 4x4
                                     Conv2d<512, 1, whole_4x4>, Flatten>;                          // 1x1
    static_assert(Generator::parameter_count == 3'576'704 && Discriminator::parameter_count == 2'765'568);
};

}  // namespace gantry::networks
