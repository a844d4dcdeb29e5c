#pragma once
#include <gantry/cpu/convolution_taps.hpp>
#include <gantry/cpu/micro_kernel.hpp>
#include <gantry/cpu/pack.hpp>
#include <gantry/cpu/parallel.hpp>
#include <gantry/cpu/scratch.hpp>
#include <gantry/kernels/convolution.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu {

/// How `rows` rows are cut into tiles of one of tile_heights: tile i begins at min(i height, rows - height),
/// so that the last may overlap the one before, and nothing beyond the rows is read.
struct RowTiles {
    std::size_t rows, height_index = 0, count = 0;

    explicit RowTiles(std::size_t rows_of) : rows(rows_of) {
        const std::size_t tiles = (rows + tile_height - 1) / tile_height;
        height_index = tile_height_index((rows + tiles - 1) / tiles);
        if (height() > rows) --height_index;
        count = (rows + height() - 1) / height();
    }
    std::size_t height() const { return tile_heights[height_index]; }
    std::size_t begin(std::size_t tile) const { return std::min(tile * height(), rows - height()); }
    /// How many of a tile's rows are in the one before, too.
    std::size_t overlap(std::size_t tile) const { return tile * height() - begin(tile); }
};

/// The gradient by the weights: for each tap a product of (input channels x pixels) and (pixels x output
/// channels) over the pixels that the tap joins, in all images.
///
/// Blocks of images are packed with the image as last index of the pixels: x as (row, place, image, input
/// channel), y as (panel of output channels, row, column, image, channel of the panel). A place is a column;
/// those of one phase of the stride follow one another. So the pixels that a tap joins in a row are one
/// segment, (columns x images) terms long, and no pixel outside of the image is ever multiplied.
///
/// A few input channels would make tiles of a few rows. There a place is what an output column meets in a
/// row, (tap, input channel) with zeros outside of the image, and one product serves a row of the window.
template <class T>
class WeightGradient {
public:
    explicit WeightGradient(const ConvolutionWeightGradientParameters<T>& parameters)
        : p_(parameters),
          g_(parameters.geometry),
          vertical_(g_.vertical, false),
          horizontal_(g_.horizontal, false),
          by_window_(g_.in_channels < 8 && g_.horizontal.dilation == 1 && g_.horizontal.size > 1),
          channels_(size(g_.in_channels)),
          columns_(size(g_.out_channels)),
          row_size_(horizontal_.sources() * channels_),
          tiles_(by_window_ ? horizontal_.size() * channels_ : channels_),
          stride_(size(g_.horizontal.stride)),
          in_phase_((horizontal_.sources() + stride_ - 1) / stride_),
          places_(by_window_ ? horizontal_.targets() : in_phase_ * stride_),
          x_step_(whole_vectors<T>(tiles_.rows)),
          x_image_(vertical_.sources() * places_ * x_step_),
          panels_((columns_ + panel_width - 1) / panel_width),
          y_image_(vertical_.targets() * horizontal_.targets() * whole_vectors<T>(columns_)) {}

    void run(int threads) {
        // The number of images in a block follows from the geometry alone, since sums of blocks are added up.
        const std::size_t batch = size(g_.batch), bytes = (x_image_ + y_image_) * sizeof(T);
        const std::size_t blocks = std::min(batch, (batch * bytes + block_bytes - 1) / block_bytes);
        const std::size_t most = (batch + blocks - 1) / blocks;
        x_ = scratch<T>(most * (x_image_ + y_image_));
        y_ = x_ + most * x_image_;
        const std::size_t taps = vertical_.size() * (by_window_ ? 1 : horizontal_.size());
        parallel(threads, [&](int thread, int count) {
            const auto share = [&](std::size_t all, int t) {
                return all * static_cast<std::size_t>(t) / static_cast<std::size_t>(count);
            };
            for (std::size_t b = 0; b < blocks; ++b) {
                const std::size_t first = batch * b / blocks;
                const Block block{first, batch * (b + 1) / blocks - first, p_.accumulate || b > 0};
                const std::size_t x_rows = vertical_.sources(), y_rows = vertical_.targets();
                for (std::size_t y = share(x_rows, thread); y < share(x_rows, thread + 1); ++y)
                    by_window_ ? pack_windows(block, y) : pack_x(block, y);
                for (std::size_t y = share(y_rows, thread); y < share(y_rows, thread + 1); ++y)
                    pack_y(block, y);
                barrier();
                const std::size_t all = panels_ * taps * tiles_.count, last = share(all, thread + 1);
                for (std::size_t i = share(all, thread); i < last;) {
                    const std::size_t product = i / tiles_.count, tile = i % tiles_.count;
                    const std::size_t end = std::min(tiles_.count, tile + (last - i));
                    multiply(block, product / taps, product % taps, tile, end);
                    i += end - tile;
                }
                barrier();
            }
        });
    }

private:
    static constexpr std::size_t panel_width = tile_width * lanes<T>;
    static constexpr std::size_t block_bytes = 524288;  // stays in the L2 cache

    struct Block {
        std::size_t first, images;  ///< its images
        bool add_to_w;
    };

    static std::size_t size(int n) { return static_cast<std::size_t>(n); }

    /// Row `row` of x.
    void pack_x(const Block& block, std::size_t row) {
        const std::size_t image = vertical_.sources() * row_size_;
        const T* const end = p_.x + size(g_.batch) * image;
        for (std::size_t column = 0; column < horizontal_.sources(); ++column) {
            const std::size_t place = column % stride_ * in_phase_ + column / stride_;
            const T* const from = p_.x + block.first * image + row * row_size_ + column * channels_;
            pack(Operand<T>{from, end, image, false}, block.images, channels_,
                 x_ + (row * places_ + place) * block.images * x_step_, x_step_);
        }
    }
    /// The same where a place is a window's row.
    void pack_windows(const Block& block, std::size_t row) {
        // A row of each image between zeros, and beyond them what the last vector reads. All images first: a
        // vector that is read from numbers just written would wait for them.
        const std::size_t all = ((places_ - 1) * stride_ + horizontal_.size()) * channels_;
        const std::size_t before = std::min(all, size(g_.horizontal.padding) * channels_);
        const std::size_t inside = std::min(row_size_, all - before), step = all + lanes<T>;
        T* const padded = scratch<T, 1>(block.images * step);
        for (std::size_t n = 0; n < block.images; ++n) {
            const T* const from = p_.x + ((block.first + n) * vertical_.sources() + row) * row_size_;
            T* to = std::fill_n(padded + n * step, before, T(0));
            to = std::copy_n(from, inside, to);
            std::fill(to, padded + (n + 1) * step, T(0));
        }
        T* to = x_ + row * places_ * block.images * x_step_;
        for (std::size_t place = 0; place < places_; ++place)
            for (std::size_t n = 0; n < block.images; ++n, to += x_step_) {
                const T* const from = padded + n * step + place * stride_ * channels_;
                for (std::size_t i = 0; i < x_step_; i += lanes<T>) store(to + i, load(from + i));
            }
    }
    /// Row `row` of y.
    void pack_y(const Block& block, std::size_t row) {
        const std::size_t columns = horizontal_.targets(), image = vertical_.targets() * columns * columns_;
        const T* const end = p_.y + size(g_.batch) * image;
        for (std::size_t panel = 0; panel < panels_; ++panel) {
            const std::size_t first = panel * panel_width, width = std::min(panel_width, columns_ - first);
            const std::size_t step = whole_vectors<T>(width);
            T* const to = panel_begin(block, panel) + row * columns * block.images * step;
            for (std::size_t column = 0; column < columns; ++column)
                pack(Operand<T>{p_.y + block.first * image + (row * columns + column) * columns_ + first, end,
                                image, false},
                     block.images, width, to + column * block.images * step, step);
        }
    }
    T* panel_begin(const Block& block, std::size_t panel) const {
        return y_ + panel * panel_width * vertical_.targets() * horizontal_.targets() * block.images;
    }

    /// Tiles [tile, last) of a product of the block: `tap` is (vertical, horizontal), or vertical alone.
    void multiply(const Block& block, std::size_t panel, std::size_t tap, std::size_t tile,
                  std::size_t last) {
        const std::size_t column = panel * panel_width, width = std::min(panel_width, columns_ - column);
        const std::size_t step = whole_vectors<T>(width), taps_h = by_window_ ? 1 : horizontal_.size();
        const std::size_t v = tap / taps_h, h = tap % taps_h;
        // The columns that tap h joins.
        std::size_t out = 0, place = 0, joined = 0;
        if (by_window_) {
            joined = places_;
        } else {
            for (std::size_t o = 0; o < horizontal_.targets(); ++o) {
                const TapRun run = horizontal_.at(o);
                if (h < run.tap || h >= run.tap + run.count || joined++ > 0) continue;
                const std::size_t in = run.pixel + (h - run.tap) * horizontal_.step();
                out = o;
                place = in % stride_ * in_phase_ + in / stride_;
            }
        }
        Segment* const segments = scratch<Segment, 1>(vertical_.targets());
        std::size_t count = 0;
        for (std::size_t o = 0; joined > 0 && o < vertical_.targets(); ++o) {
            const TapRun run = vertical_.at(o);
            if (v < run.tap || v >= run.tap + run.count) continue;
            const std::size_t in = run.pixel + (v - run.tap) * vertical_.step();
            segments[count++] = {(in * places_ + place) * block.images * x_step_,
                                 (o * horizontal_.targets() + out) * block.images * step,
                                 joined * block.images};
        }
        TileSum<T> sum{
            .segments = {segments, count}, .a_step = x_step_, .b = panel_begin(block, panel), .b_step = step};
        const MicroKernel<T> kernel = find_micro_kernel<T>(tiles_.height_index, step / lanes<T>);
        const TileEnd<T> end{.add_to_c = block.add_to_w};
        T buffer[tile_height * panel_width];
        for (; tile < last; ++tile) {
            sum.a = x_ + tiles_.begin(tile);
            T* const c = p_.w + (tap * tiles_.rows + tiles_.begin(tile)) * columns_ + column;
            if (tiles_.overlap(tile) == 0 && width == step) {
                kernel(sum, c, columns_, end, {});
                continue;
            }
            if (end.add_to_c)
                for (std::size_t i = tiles_.overlap(tile); i < tiles_.height(); ++i)
                    std::copy_n(c + i * columns_, width, buffer + i * panel_width);
            kernel(sum, buffer, panel_width, end, {});
            for (std::size_t i = tiles_.overlap(tile); i < tiles_.height(); ++i)
                std::copy_n(buffer + i * panel_width, width, c + i * columns_);
        }
    }

    const ConvolutionWeightGradientParameters<T>& p_;
    const ConvolutionGeometry& g_;
    AxisTaps vertical_, horizontal_;
    bool by_window_;
    std::size_t channels_, columns_, row_size_;
    RowTiles tiles_;
    std::size_t stride_, in_phase_, places_, x_step_, x_image_, panels_, y_image_;
    T* x_ = nullptr;
    T* y_ = nullptr;
};

}  // namespace gantry::cpu
