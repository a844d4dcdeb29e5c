#pragma once
#include "networks/windows.hpp"
#include <gantry/gantry.hpp>

// Isola, Zhu, Zhou and Efros, "Image-to-image translation with conditional adversarial networks" (2017): a
// U-Net that translates images, and a discriminator that judges patches of a pair.

namespace gantry::networks {

/// The innermost level of the U-Net: halves the image, doubles it again, and joins the result to its input.
template <int outer, int inner>
struct UnetBottom {
    Conv2d<outer, inner, by_two_no_bias> down;
    ConvTranspose2d<inner, outer, by_two_no_bias> up;
    BatchNorm<outer> norm;

    auto operator()(const auto& x) const {
        const auto y = norm(up(relu(down(leaky_relu(x, 0.2)))));
        return concatenate(x, y);
    }
};
/// A level of the U-Net around `Inner`, which returns twice its channels.
template <int outer, int inner, class Inner>
struct UnetLevel {
    Conv2d<outer, inner, by_two_no_bias> down;
    BatchNorm<inner> down_norm;
    Inner submodule;
    ConvTranspose2d<2 * inner, outer, by_two_no_bias> up;
    BatchNorm<outer> up_norm;

    auto operator()(const auto& x) const {
        const auto y = submodule(down_norm(down(leaky_relu(x, 0.2))));
        return concatenate(x, up_norm(up(relu(y))));
    }
};
/// The same with dropout, in place of noise at the input.
template <int outer, int inner, class Inner>
struct UnetLevelWithDropout {
    UnetLevel<outer, inner, Inner> level;
    Dropout<0.5> dropout;

    auto operator()(const auto& x) const {
        const auto joined = level(x);
        return concatenate(slice<0, outer>(joined), dropout(slice<outer, outer>(joined)));
    }
};
/// The generator: images of size x size with `in` channels -> images with `out` channels. `Inner` begins with
/// c channels.
template <int size, int in, int out, int c, class Inner>
struct Unet {
    using Input = Shape<Batch, size, size, in>;
    Conv2d<in, c, by_two_no_bias> down;
    Inner submodule;
    ConvTranspose2d<2 * c, out, by_two> up;

    auto operator()(const auto& x) const { return tanh(up(relu(submodule(down(x))))); }
};

/// unet_256 of the authors' PyTorch code, without dropout: eight levels for images of 256 x 256.
template <int c = 64>
using Unet256 = Unet<
    256, 3, 3, c,
    UnetLevel<c, 2 * c,
              UnetLevel<2 * c, 4 * c,
                        UnetLevel<4 * c, 8 * c,
                                  UnetLevel<8 * c, 8 * c,
                                            UnetLevel<8 * c, 8 * c,
                                                      UnetLevel<8 * c, 8 * c, UnetBottom<8 * c, 8 * c>>>>>>>>;
static_assert(Network<Unet256<>, Cpu>::parameter_count == 54'413'955);
/// Three levels, for small images.
template <int size, int c>
using SmallUnet = Unet<size, 3, 3, c, UnetLevel<c, 2 * c, UnetBottom<2 * c, 4 * c>>>;

/// The discriminator: judges each patch of 70 x 70 pixels of an image and its translation, with `colours`
/// channels each.
/// -> Shape<Batch, H, W, 1>
template <int size = 256, int colours = 3, int c = 64>
struct PatchDiscriminator {
    using Input = layers::Inputs<Shape<Batch, size, size, colours>, Shape<Batch, size, size, colours>>;
    static constexpr Conv2dOptions same_4x4{.size = 4, .padding = 1, .bias = false};
    static constexpr Conv2dOptions last_4x4{.size = 4, .padding = 1};

    Fused<Conv2d<2 * colours, c, by_two>, LeakyReLU<0.2>> conv1;
    Conv2d<c, 2 * c, by_two_no_bias> conv2;
    Fused<BatchNorm<2 * c>, LeakyReLU<0.2>> norm2;
    Conv2d<2 * c, 4 * c, by_two_no_bias> conv3;
    Fused<BatchNorm<4 * c>, LeakyReLU<0.2>> norm3;
    Conv2d<4 * c, 8 * c, same_4x4> conv4;
    Fused<BatchNorm<8 * c>, LeakyReLU<0.2>> norm4;
    Conv2d<8 * c, 1, last_4x4> conv5;

    auto operator()(const auto& image, const auto& translation) const {
        const auto x = conv1(concatenate(image, translation));
        return conv5(norm4(conv4(norm3(conv3(norm2(conv2(x)))))));
    }
};
static_assert(Network<PatchDiscriminator<>, Cpu>::parameter_count == 2'768'705);

}  // namespace gantry::networks
