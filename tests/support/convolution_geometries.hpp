#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/options.hpp>

#include <algorithm>
#include <random>

namespace gantry::test {

/// The array among a convolution's three that is computed.
enum class Direction { forward, transposed, weights };
inline constexpr Direction directions[] = {Direction::forward, Direction::transposed, Direction::weights};

/// An axis with the largest number of outputs that fits.
constexpr contracts::ConvolutionAxis window(int in, int size, int stride = 1, int padding = 0,
                                            int dilation = 1) {
    const int span = (size - 1) * dilation + 1;
    return {in, gantry::core::window_places(in, span, stride, padding), size, stride, padding, dilation};
}

/// Each covers a separate case of the kernels.
inline constexpr contracts::ConvolutionGeometry convolution_geometries[] = {
    {5, window(8, 4, 2, 1), window(6, 4, 2, 1), 16, 32},         // an inner layer of a DCGAN
    {13, window(4, 4, 2, 1), window(4, 4, 2, 1), 33, 17},        // not multiples of the vector width
    {14, window(8, 4, 2, 1), window(8, 4, 2, 1), 3, 16},         // few input channels
    {40, window(8, 4, 2, 1), window(6, 4, 2, 1), 1, 9},          // one input channel
    {3, window(5, 3, 2, 1), window(7, 3, 2, 1), 2, 5},           // size is not a multiple of the stride
    {2, window(9, 3, 1, 1), window(5, 5, 1, 2), 7, 6},           //
    {30, window(6, 3, 1, 1), window(6, 3, 1, 1), 12, 3},         // few output channels
    {1, window(11, 8, 1, 4), window(9, 8, 1, 4), 3, 8},          // even window: one more output than input
    {4, window(12, 3, 1, 2, 2), window(12, 3, 2, 3, 3), 5, 18},  // dilation
    {4, window(5, 3, 2, 1, 2), window(7, 4, 2, 3, 2), 16, 12},   // a dilation equal to the stride
    {2, window(11, 2, 4, 0, 2), window(10, 3, 6, 1, 4), 4, 4},   // stride and dilation have common factors
    {9, window(6, 4), window(6, 6), 8, 40},                      // covers the input horizontally
    {9, window(4, 4), window(4, 4), 10, 3},                      // covers the whole input: a matrix product
    {9, window(4, 4, 5, 1), window(3, 3, 4, 1), 10, 3},          // the same, except for the padding
    {7, window(5, 1), window(3, 1), 6, 20},                      // a window of one pixel: a matrix product
    {3, window(7, 1, 2), window(7, 2, 5), 4, 20},                // inputs that no tap reads
    {2, window(3, 2, 1, 4), window(2, 3, 2, 5), 3, 20},          // outputs that see only padding
    {2, {9, 2, 3, 2, 0, 1}, {9, 3, 2, 1, 1, 1}, 5, 3},           // fewer outputs than fit
    {2, {5, 4, 1, 1, 0, 2}, {3, 3, 1, 1, 0, 1}, 3, 5},           // the same with a window of one pixel
    {2, window(1, 1, 1, 1), window(1, 3, 2, 1), 1, 1},           // minimal extents
    {3, {2, 3, 2, 3, 7, 1}, {1, 1, 5, 4, 9, 2}, 2, 2},           // taps only in the padding
    {1, window(3, 2, 5, 1), window(2, 2, 1, 0), 15, 15},         // a stride longer than the image
    {70, window(2, 2, 1, 1), window(2, 2, 1, 0), 15, 15},        // many images
    {65, window(3, 2, 2, 1), window(2, 2, 1, 1), 4, 1},          //
    // groups
    {3, window(6, 3, 1, 1), window(9, 3, 1, 1), 48, 48, 3},       // 16 channels each, as in R3GAN
    {2, window(7, 4, 2, 1), window(5, 3, 2, 1), 15, 10, 5},       // 3 inputs and 2 outputs each
    {2, window(5, 3, 1, 2, 2), window(8, 2, 3, 0, 2), 6, 24, 2},  // dilation
    {5, window(5, 1), window(3, 1), 8, 12, 4},                    // a window of one pixel
    {9, window(4, 4), window(4, 4), 10, 4, 2},                    // covers the whole input
    {2, window(6, 3, 1, 1), window(5, 3, 1, 1), 6, 12, 6},        // two outputs per input channel
    {3, window(9, 3, 1, 1), window(11, 3, 1, 1), 45, 45, 45},  // depthwise: a block of pixels, odd channels
    {2, window(8, 4, 2, 1), window(7, 3, 3, 1), 16, 16, 16},   // with strides
    {2, window(9, 3, 2, 2, 3), window(12, 2, 3, 1, 2), 3, 3, 3},  // with dilations
    {5, window(4, 4), window(4, 4), 40, 40, 40},                  // to one pixel, as in R3GAN
    {2, {2, 9, 2, 1, 5, 1}, {9, 3, 2, 4, 1, 1}, 5, 5, 5},         // taps and outputs in the padding, gaps
};

/// Small geometries with random stride, padding and dilation; the same sequence for every test.
class RandomGeometries {
public:
    /// A random integer in [from, to].
    int number(int from, int to) {
        return from + static_cast<int>(random_() % static_cast<unsigned>(to - from + 1));
    }
    contracts::ConvolutionGeometry next(int images) {
        const contracts::ConvolutionAxis vertical = axis(), horizontal = axis();
        const int in = number(0, 3) ? number(1, 9) : number(10, 40);
        const int out = number(0, 3) ? number(1, 9) : number(10, 70);
        if (number(0, 2)) return {images, vertical, horizontal, in, out};
        const int groups = number(2, 20), group_in = number(1, 5), group_out = number(1, 5);
        return {images, vertical, horizontal, groups * group_in, groups * group_out, groups};
    }

private:
    contracts::ConvolutionAxis axis() {
        const int in = number(1, 9), size = number(1, 5), stride = number(1, 4), padding = number(0, 4);
        contracts::ConvolutionAxis axis = window(in, size, stride, padding, std::max(1, number(-2, 3)));
        axis.out = std::max(1, axis.out);  // a window that is too long still has one output
        return axis;
    }

    std::mt19937 random_{3};
};

}  // namespace gantry::test
