#pragma once
#include <gantry/gantry.hpp>

namespace gantry::networks {

/// An autoencoder whose decoder mirrors the encoder: each max pooling is undone by unpooling with its
/// switches, each convolution by a transposed convolution. The bottleneck is 7 * 7 * 8 values plus the
/// switches. (Batch, 28, 28, 1) -> the same shape, in [0, 1]. Sources: Zeiler, Taylor and Fergus, "Adaptive
/// deconvolutional networks for mid and high level feature learning" (2011), for the switches; Noh, Hong and
/// Han, "Learning deconvolution network for semantic segmentation" (2015), for the mirrored decoder.
struct EncoderDecoder {
    static constexpr Conv2dOptions same_3x3{.size = 3, .padding = 1};
    static constexpr Pool2dOptions halve{.size = 2};

    using Middle = Sequential<Conv2d<32, 8, same_3x3>, ReLU, ConvTranspose2d<8, 32, same_3x3>, ReLU>;  // 7x7
    using Architecture = Sequential<InputShape<28, 28, 1>,                                  // 28x28
                                    Conv2d<1, 16, same_3x3>, ReLU,                          // 28x28
                                    PoolUnpool2d<halve,                                     // 14x14
                                                 Conv2d<16, 32, same_3x3>, ReLU,            // 14x14
                                                 PoolUnpool2d<halve, Middle>,               // 14x14
                                                 ConvTranspose2d<32, 16, same_3x3>, ReLU>,  // 14x14
                                    ConvTranspose2d<16, 1, same_3x3>, Sigmoid>;             // 28x28
    static_assert(Architecture::parameter_count == 14'217);
};

}  // namespace gantry::networks
