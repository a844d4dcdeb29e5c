#pragma once
// clang-format off
// Gradient of a convolution with respect to its weights, as implicit GEMM (tile_product.cuh):
//
//     rows of the result    columns         inner dimension
//     taps x in_channels    out_channels    pixels of y
// clang-format on
//
// Each group is a separate product, of the channels of the group. A block of threads computes a tile of one
// group.
// The result is small and the sums are long, so they are usually split (split-K).
#include "convolution_operand.cuh"
#include "tile_product.cuh"
#include <gantry/contracts/convolution.hpp>

namespace gantry::cuda {

/// Source: the operand (taps x in_channels, pixels of y) of a weight gradient, read from the channels of a
/// group, which begin at x.
template <class T, int extent, int width>
class WindowSource {
public:
    using Place = cuda::Place<extent, width, false>;

    __device__ WindowSource(const ConvolutionOperand<T>& x, const contracts::ConvolutionGeometry& g,
                            int first_outer, int first, int last)
        : x_(x),
          height_(g.vertical.in),
          width_(g.horizontal.in),
          pixel_step_(g.in_channels),
          rows_(g.vertical.out),
          columns_(g.horizontal.out),
          stride_y_(g.vertical.stride),
          stride_x_(g.horizontal.stride),
          pixel_(first + Place().inner(0)),
          last_(last) {
        const int outer = first_outer + Place().outer(0), tap = outer / g.group_in();
        channel_ = outer % g.group_in();
        const int ky = tap / g.horizontal.size, kx = tap % g.horizontal.size;
        outside_ = ky >= g.vertical.size;
        y_ = ky * g.vertical.dilation - g.vertical.padding;
        x_offset_ = kx * g.horizontal.dilation - g.horizontal.padding;
        column_ = pixel_ % columns_;
        row_ = pixel_ / columns_ % rows_;
        image_ = pixel_ / columns_ / rows_;
    }

    __device__ void fetch(Pack<T, width> (&packs)[Place::packs]) {
        const Place place;
        for (int i = 0; i < Place::packs; ++i) {
            const int y = row_ * stride_y_ + y_, x = column_ * stride_x_ + x_offset_;
            packs[i] = {};
            if (place.fetches() && !outside_ && pixel_ < last_ && y >= 0 && y < height_ && x >= 0 &&
                x < width_)
                packs[i] = load<Pack<T, width>>(
                    x_ + (static_cast<std::size_t>(image_ * height_ + y) * width_ + x) * pixel_step_ +
                    channel_);
            advance(Place::lines_at_a_time);
        }
    }

private:
    __device__ void advance(int pixels) {
        pixel_ += pixels;
        column_ += pixels;
        while (column_ >= columns_) {
            column_ -= columns_;
            if (++row_ == rows_) {
                row_ = 0;
                ++image_;
            }
        }
    }

    ConvolutionOperand<T> x_;
    int height_, width_, pixel_step_, rows_, columns_, stride_y_, stride_x_;
    int pixel_, last_, channel_, y_, x_offset_, column_, row_, image_;
    bool outside_;
};

template <class T, class Tile, int width>
__global__ void __launch_bounds__(tile_threads, tile_blocks)
    convolution_weight_gradient_kernel(contracts::ConvolutionGeometry g, ConvolutionOperand<T> x,
                                       ConvolutionOperand<T> y, Result<T> result, Parts<T> parts) {
    __shared__ TileMemory<T, Tile> memory;
    const int tile = static_cast<int>(blockIdx.x), part = static_cast<int>(blockIdx.y);
    const int rows = g.vertical.size * g.horizontal.size * g.group_in(), columns = g.group_out();
    const int tiles_across = ceil_div(columns, Tile::columns), across = g.groups * tiles_across;
    const int group = tile % across / tiles_across;
    const int first_row = tile / across * Tile::rows, first_column = tile % tiles_across * Tile::columns;
    const int pixels = g.batch * g.vertical.out * g.horizontal.out, length = parts.length(pixels);
    const int first = min(part * length, pixels), last = min(first + length, pixels);

    WindowSource<T, Tile::rows, width> a(x + static_cast<std::size_t>(group) * g.group_in(), g, first_row,
                                         first, last);
    MatrixSource<T, Tile::columns, width, false, ConvolutionOperand<T>> b(
        y + static_cast<std::size_t>(group) * columns, static_cast<std::size_t>(g.out_channels), columns,
        first_column, first, last);
    const Sums<T, Tile> sums = tile_product<Tile>(memory, a, b, ceil_div(last - first, tile_depth));
    put_tile(memory, sums, parts, {tile, part}, result,
             {group * columns + first_column, (group + 1) * columns, g.out_channels},
             [=](int row) { return first_row + row < rows ? first_row + row : -1; });
}

template <class T>
void convolution_tiled(Cuda& device, const contracts::ConvolutionWeightGradientParameters<T>& p) {
    const contracts::ConvolutionGeometry& g = p.geometry;
    if (g.w_size() == 0) return;
    const int rows = g.vertical.size * g.horizontal.size * g.group_in(), columns = g.group_out();
    const int pixels = g.batch * g.vertical.out * g.horizontal.out;
    const bool packs = aligned(p.x, p.x_activation.outputs, p.y, p.y_activation.outputs) &&
                       g.group_in() % pack_width<T> == 0 && columns % pack_width<T> == 0;
    const Result<T> result{p.w, p.accumulate};
    const auto groups = static_cast<std::size_t>(g.groups);
    with_tile<T>(static_cast<std::size_t>(rows) * groups, columns, pixels, [&](auto tile) {
        using Tile = decltype(tile);
        const std::size_t tiles = groups * tiles_of<Tile>(static_cast<std::size_t>(rows), columns);
        const Parts<T> parts = parts_of<T>(device, tiles, pixels, g.w_size());
        with_width<T>(packs, [&](auto width) {
            start(device, "convolution_weight_gradient_tiled",
                  convolution_weight_gradient_kernel<T, Tile, decltype(width)::value>,
                  {{static_cast<unsigned>(tiles), static_cast<unsigned>(parts.count)}, tile_threads}, g,
                  ConvolutionOperand<T>{p.x, p.x_activation}, ConvolutionOperand<T>{p.y, p.y_activation},
                  result, parts);
        });
    });
}

}  // namespace gantry::cuda
