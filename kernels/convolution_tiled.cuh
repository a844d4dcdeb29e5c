#pragma once
// clang-format off
// Forward and transposed convolution as implicit GEMM (tile_product.cuh); the third direction is in
// convolution_weight_gradient.cuh. The matrices are never stored:
//
//                  rows of the result    columns         inner dimension
//     forward      pixels of y           out_channels    taps x in_channels
//     transposed   pixels of x           in_channels     taps x out_channels, for each phase of the stride
// clang-format on
//
// Each group is a separate product, of the channels of the group. A block of threads computes a tile of one
// group.
// Sources walk along the inner dimension with counters, without divisions between slices. A phase of a
// transposed convolution, the pixels of x at the same position relative to the stride, has its own taps, so
// no inserted zeros are multiplied.
#include "convolution_axis.cuh"
#include "convolution_operand.cuh"
#include "tile_product.cuh"
#include <gantry/contracts/convolution.hpp>

namespace gantry::cuda {

/// One row of a tile: a pixel of the result, and the source position of its first tap.
struct TileRow {
    int result;      ///< index of the pixel; negative: none
    int source_row;  ///< index of the first row of its image
    int y, x;        ///< position of its first tap
};

/// Position (tap, channel) along the inner dimension.
class TapWalk {
public:
    __device__ TapWalk(int inner, int channels, int taps_x)
        : channels_(max(channels, 1)), taps_x_(max(taps_x, 1)) {
        const int tap = inner / channels_;
        channel_ = inner % channels_;
        y_ = tap / taps_x_;
        x_ = tap % taps_x_;
    }
    __device__ void advance(int terms) {
        channel_ += terms;
        while (channel_ >= channels_) {
            channel_ -= channels_;
            if (++x_ == taps_x_) {
                x_ = 0;
                ++y_;
            }
        }
    }
    __device__ int y() const { return y_; }
    __device__ int x() const { return x_; }
    __device__ int channel() const { return channel_; }

private:
    int channels_, taps_x_, channel_, y_, x_;
};

/// Source: the operand (pixels, taps x channels) of a convolution, read from the images.
template <class T, int extent, int width>
class PixelSource {
public:
    using Place = cuda::Place<extent, width, true>;

    /// Images of `pixel_step` channels, of which it reads `channels`.
    __device__ PixelSource(const TileRow* rows, const ConvolutionOperand<T>& data, int height,
                           int image_width, int pixel_step, int channels, const SumAxis& vertical,
                           const SumAxis& horizontal, int first, int last)
        : rows_(rows),
          data_(data),
          height_(height),
          width_(image_width),
          pixel_step_(pixel_step),
          step_y_(vertical.tap_step),
          step_x_(horizontal.tap_step),
          walk_(first + Place().inner(0), channels, horizontal.taps),
          left_(last - first - Place().inner(0)) {}

    __device__ void fetch(Pack<T, width> (&packs)[Place::packs]) {
        const Place place;
        for (int i = 0; i < Place::packs; ++i) {
            packs[i] = {};
            if (!place.fetches() || left_ <= 0) continue;
            const TileRow& row = rows_[place.outer(i)];
            const int y = row.y + walk_.y() * step_y_, x = row.x + walk_.x() * step_x_;
            if (row.result >= 0 && y >= 0 && y < height_ && x >= 0 && x < width_)
                packs[i] = load<Pack<T, width>>(
                    data_ + (static_cast<std::size_t>(row.source_row + y) * width_ + x) * pixel_step_ +
                    walk_.channel());
        }
        walk_.advance(tile_depth);
        left_ -= tile_depth;
    }

private:
    const TileRow* rows_;
    ConvolutionOperand<T> data_;
    int height_, width_, pixel_step_, step_y_, step_x_;
    TapWalk walk_;
    int left_;
};

/// Source: the weights of a phase of a transposed convolution, as an operand (in_channels, taps x
/// out_channels) of the group whose weights begin at w.
template <class T, int extent, int width>
class PhaseWeights {
public:
    using Place = cuda::Place<extent, width, true>;

    __device__ PhaseWeights(const T* w, const contracts::ConvolutionGeometry& g, const SumAxis& vertical,
                            const SumAxis& horizontal, int first_outer, int first, int last)
        : w_(w +
             static_cast<std::size_t>(vertical.first_weight * g.horizontal.size + horizontal.first_weight) *
                 g.group_in() * g.out_channels),
          outers_(g.group_in()),
          row_step_(g.out_channels),
          tap_row_(vertical.weight_step * g.horizontal.size),
          tap_column_(horizontal.weight_step),
          first_outer_(first_outer),
          walk_(first + Place().inner(0), g.group_out(), horizontal.taps),
          left_(last - first - Place().inner(0)) {}

    __device__ void fetch(Pack<T, width> (&packs)[Place::packs]) {
        const Place place;
        const std::size_t tap = static_cast<std::size_t>(walk_.y() * tap_row_ + walk_.x() * tap_column_);
        for (int i = 0; i < Place::packs; ++i) {
            const int outer = first_outer_ + place.outer(i);
            packs[i] = {};
            if (place.fetches() && outer < outers_ && left_ > 0)
                packs[i] = load<Pack<T, width>>(w_ + (tap * outers_ + outer) * row_step_ + walk_.channel());
        }
        walk_.advance(tile_depth);
        left_ -= tile_depth;
    }

private:
    const T* w_;
    int outers_, row_step_, tap_row_, tap_column_, first_outer_;
    TapWalk walk_;
    int left_;
};

template <class T, class Tile, int width, bool transposed>
__global__ void __launch_bounds__(tile_threads, tile_blocks)
    convolution_sum_kernel(contracts::ConvolutionGeometry g, ConvolutionOperand<T> source, const T* w,
                           Result<T> result, Parts<T> parts) {
    __shared__ TileMemory<T, Tile> memory;
    __shared__ TileRow rows[Tile::rows];
    const int phase = static_cast<int>(blockIdx.y), part = static_cast<int>(blockIdx.z);
    const SumAxis v =
        transposed ? transposed_axis(g.vertical, phase / g.horizontal.stride) : forward_axis(g.vertical);
    const SumAxis h =
        transposed ? transposed_axis(g.horizontal, phase % g.horizontal.stride) : forward_axis(g.horizontal);
    const int source_height = transposed ? g.vertical.out : g.vertical.in;
    const int source_width = transposed ? g.horizontal.out : g.horizontal.in;
    const int channels = transposed ? g.group_out() : g.group_in(),
              columns = transposed ? g.group_in() : g.group_out();
    const int height = transposed ? g.vertical.in : g.vertical.out,
              result_width = transposed ? g.horizontal.in : g.horizontal.out;

    const int tiles_across = ceil_div(columns, Tile::columns), across = g.groups * tiles_across;
    const int tile = static_cast<int>(blockIdx.x), group = tile % across / tiles_across;
    const int first_row = tile / across * Tile::rows, first_column = tile % tiles_across * Tile::columns;
    const int pixels = g.batch * v.results * h.results;
    if (first_row >= pixels) return;  // other phases have more pixels
    for (int i = static_cast<int>(threadIdx.x); i < Tile::rows; i += tile_threads) {
        const int pixel = first_row + i, image = pixel / h.results / v.results;
        const int r = pixel / h.results % v.results, c = pixel % h.results;
        rows[i] = {pixel < pixels ? (image * height + v.first_result + r * v.result_step) * result_width +
                                        h.first_result + c * h.result_step
                                  : -1,
                   image * source_height, v.first_source + r * v.source_step,
                   h.first_source + c * h.source_step};
    }
    __syncthreads();

    const int inner = v.taps * h.taps * channels;
    const int length = parts.length(inner), first = min(part * length, inner),
              last = min(first + length, inner);
    PixelSource<T, Tile::rows, width> a(rows, source + static_cast<std::size_t>(group) * channels,
                                        source_height, source_width, g.groups * channels, channels, v, h,
                                        first, last);
    w += static_cast<std::size_t>(group) * g.group_out();
    const auto product = [&](auto b) {
        return tile_product<Tile>(memory, a, b, ceil_div(last - first, tile_depth));
    };
    Sums<T, Tile> sums;
    if constexpr (transposed)
        sums = product(PhaseWeights<T, Tile::columns, width>(w, g, v, h, first_column, first, last));
    else
        sums = product(MatrixSource<T, Tile::columns, width, false>(
            w, static_cast<std::size_t>(g.out_channels), columns, first_column, first, last));
    put_tile(memory, sums, parts, {tile + phase * static_cast<int>(gridDim.x), part}, result,
             {group * columns + first_column, (group + 1) * columns, g.groups * columns},
             [&](int row) { return rows[row].result; });
}

/// Forward or transposed: result = activation(sums + bias).
template <bool transposed, class T>
void convolution_sum(Cuda& device, const contracts::ConvolutionGeometry& g,
                     const ConvolutionOperand<T>& source, const T* w, const Result<T>& result) {
    const std::size_t size = transposed ? g.x_size() : g.y_size();
    if (size == 0) return;
    const int channels = transposed ? g.group_out() : g.group_in(),
              columns = transposed ? g.group_in() : g.group_out();
    const contracts::ConvolutionAxis &v = g.vertical, &h = g.horizontal;
    const int phases_v = transposed ? v.stride : 1, phases_h = transposed ? h.stride : 1;
    const auto rows = static_cast<std::size_t>(g.batch) *
                      static_cast<std::size_t>(
                          transposed ? ceil_div(v.in, v.stride) * ceil_div(h.in, h.stride) : v.out * h.out);
    const int inner = ceil_div(v.size, phases_v) * ceil_div(h.size, phases_h) * channels;
    const bool packs = aligned(source.data, source.behind.outputs, w) && channels % pack_width<T> == 0 &&
                       (transposed || columns % pack_width<T> == 0);
    const auto groups = static_cast<std::size_t>(g.groups);
    with_tile<T>(rows * static_cast<std::size_t>(phases_v * phases_h) * groups, columns, inner,
                 [&](auto tile) {
                     using Tile = decltype(tile);
                     const std::size_t tiles = groups * tiles_of<Tile>(rows, columns),
                                       phases = static_cast<std::size_t>(phases_v * phases_h);
                     const Parts<T> parts = parts_of<T>(device, tiles * phases, inner, size);
                     with_width<T>(packs, [&](auto width) {
                         start(device, transposed ? "convolution_transposed_tiled" : "convolution_tiled",
                               convolution_sum_kernel<T, Tile, decltype(width)::value, transposed>,
                               {{static_cast<unsigned>(tiles), static_cast<unsigned>(phases),
                                 static_cast<unsigned>(parts.count)},
                                tile_threads},
                               g, source, w, result, parts);
                     });
                 });
}

template <class T>
void convolution_tiled(Cuda& device, const contracts::ConvolutionParameters<T>& p) {
    convolution_sum<false>(device, p.geometry, ConvolutionOperand<T>{p.x, p.x_activation}, p.w,
                           Result<T>{p.y, false, p.bias, p.activation});
}

template <class T>
void convolution_tiled(Cuda& device, const contracts::ConvolutionTransposedParameters<T>& p) {
    convolution_sum<true>(device, p.geometry, ConvolutionOperand<T>{p.y, p.y_activation}, p.w,
                          Result<T>{p.x, false, p.bias, p.activation});
}

}  // namespace gantry::cuda
