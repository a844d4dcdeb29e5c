#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/row_tiles.hpp>
#include <gantry/cpu/convolution/taps.hpp>
#include <gantry/cpu/gemm/micro_kernel.hpp>
#include <gantry/cpu/gemm/pack.hpp>
#include <gantry/cpu/simd/sum.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Gradient with respect to the weights for inputs with few channels. A product per tap would have tiles of
/// only a few rows; instead, each row of the window is one product of ((horizontal tap, input channel) x
/// pixels) and (pixels x output channels).
///
/// The input elements that an output pixel meets in a row of x are contiguous, and those of the next output
/// pixel begin `stride` pixels later. So x is copied only to pad each row with zeros on both sides, and y is
/// read in place unless its rows are not whole vectors. A row of y is one segment.
template <class T>
class WindowGradient {
public:
    /// True if this algorithm suits the geometry: few input channels, no horizontal dilation, and a window
    /// wider than one pixel.
    static bool suits(const contracts::ConvolutionGeometry& g) {
        return g.in_channels < 8 && g.horizontal.dilation == 1 && g.horizontal.size > 1;
    }

    explicit WindowGradient(const contracts::ConvolutionWeightGradientParameters<T>& parameters)
        : p_(parameters),
          g_(parameters.geometry),
          vertical_(g_.vertical, false),
          channels_(size(g_.in_channels)),
          columns_(size(g_.out_channels)),
          y_row_(size(g_.horizontal.out)),
          tiles_(size(g_.horizontal.size) * channels_),
          x_step_(size(g_.horizontal.stride) * channels_),
          x_row_((y_row_ - 1) * x_step_ + tiles_.rows()),
          x_image_(vertical_.sources() * x_row_),
          y_step_(whole_vectors<T>(columns_)),
          y_image_(vertical_.targets() * y_row_ * y_step_),
          groups_(std::min(most_groups, size(g_.batch))),
          few_(std::clamp<std::size_t>(few_bytes / sizeof(T) / (x_image_ + y_image_), 1,
                                       (size(g_.batch) + groups_ - 1) / groups_)) {}

    void run(int threads) {
        // The batch is split into groups by the geometry alone, and the sums of the groups are then added up:
        // results are bitwise independent of the number of threads.
        const std::size_t batch = size(g_.batch), w_size = g_.w_size();
        T* const sums = scratch<T>(groups_ * w_size);
        parallel_ranges(threads, groups_, 1, 1, [&](std::size_t begin, std::size_t end) {
            const std::span<const Segment>* const segments = list_segments();
            for (std::size_t i = begin; i < end; ++i)
                add_up(batch * i / groups_, batch * (i + 1) / groups_, segments, sums + i * w_size);
        });
        add_groups(threads, groups_, w_size, sums, p_.w, p_.accumulate);
    }

private:
    static constexpr std::size_t panel_width = tile_width * lanes<T>;
    static constexpr std::size_t most_groups = 16;
    static constexpr std::size_t few_bytes = 32768;  // stays in the L1 cache

    static std::size_t size(int n) { return static_cast<std::size_t>(n); }

    /// w = the sum over images [first, last), a few images at a time.
    void add_up(std::size_t first, std::size_t last, const std::span<const Segment>* segments, T* w) const {
        const std::size_t pixels = vertical_.targets() * y_row_;
        const bool copy_y = y_step_ != columns_;
        T* const x = scratch<T, 1>(few_ * (x_image_ + (copy_y ? y_image_ : 0)));
        for (std::size_t n = first; n < last; n += few_) {
            const std::size_t images = std::min(few_, last - n);
            pad(n, images, x);
            const T* y = p_.y + n * pixels * columns_;
            if (copy_y) {
                const T* const end = p_.y + size(g_.batch) * pixels * columns_;
                T* const copy = x + few_ * x_image_;
                pack(Operand<T>{y, end, columns_, false}, images * pixels, columns_, copy, y_step_);
                y = copy;
            }
            for (std::size_t column = 0; column < columns_; column += panel_width)
                for (std::size_t v = 0; v < vertical_.size(); ++v) {
                    const TileSum<T> sum{.segments = segments[v].first(segments[v].size() / few_ * images),
                                         .a = x,
                                         .a_step = x_step_,
                                         .b = y + column,
                                         .b_step = y_step_};
                    multiply_tiles(tiles_, 0, tiles_.count(), sum, 0,
                                   std::min(panel_width, columns_ - column),
                                   w + v * tiles_.rows() * columns_ + column, columns_, n > first);
                }
        }
    }

    /// Copies images [first, first + images) of x and pads each row with zeros on both sides.
    void pad(std::size_t first, std::size_t images, T* to) const {
        const std::size_t in_row = size(g_.horizontal.in) * channels_;
        const std::size_t before = std::min(x_row_, size(g_.horizontal.padding) * channels_);
        const std::size_t inside = std::min(in_row, x_row_ - before);
        const T* from = p_.x + first * vertical_.sources() * in_row;
        for (std::size_t row = 0; row < images * vertical_.sources(); ++row, from += in_row) {
            T* const end = to + x_row_;
            to = std::fill_n(to, before, T(0));
            to = std::copy_n(from, inside, to);
            to = std::fill_n(to, end - to, T(0));
        }
    }

    /// For each row of the window, the pairs of rows of x and y that it connects in `few_` images. Stored in
    /// scratch memory of the calling thread.
    const std::span<const Segment>* list_segments() const {
        Segment* segment = scratch<Segment>(vertical_.size() * few_ * vertical_.targets());
        std::span<const Segment>* const list = scratch<std::span<const Segment>>(vertical_.size());
        for (std::size_t v = 0; v < vertical_.size(); ++v) {
            const Segment* const first = segment;
            for (std::size_t n = 0; n < few_; ++n)
                for (std::size_t o = 0; o < vertical_.targets(); ++o) {
                    const TapRun run = vertical_.at(o);
                    if (v < run.tap || v >= run.tap + run.count) continue;
                    const std::size_t in = run.pixel + (v - run.tap) * vertical_.step();
                    *segment++ = {n * x_image_ + in * x_row_,
                                  (n * vertical_.targets() + o) * y_row_ * y_step_, y_row_};
                }
            list[v] = {first, static_cast<std::size_t>(segment - first)};
        }
        return list;
    }

    const contracts::ConvolutionWeightGradientParameters<T>& p_;
    const contracts::ConvolutionGeometry& g_;
    AxisTaps vertical_;
    std::size_t channels_, columns_, y_row_;
    RowTiles tiles_;
    std::size_t x_step_, x_row_, x_image_, y_step_, y_image_, groups_, few_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
