#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/columns.hpp>
#include <gantry/cpu/convolution/source.hpp>
#include <gantry/cpu/gemm/group_kernel.hpp>
#include <gantry/cpu/simd/activation.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Transposed convolution to few target channels. Each source pixel is multiplied by the whole window at
/// once, (source channels) x (taps, target channels). The resulting columns are kept in a ring buffer of a
/// few rows, and those that meet in a target pixel are added up (col2im).
///
/// A row of the target consists of blocks of `stride` pixels. Block u is the sum of parts of the columns of
/// source pixels u, u - 1, ...; each part is contiguous in memory, so the sum takes a few vector additions.
template <class T>
class Col2imConvolution {
public:
    /// True if this algorithm suits the geometry: few target channels, no dilation, and source rows of at
    /// least one group of pixels.
    static bool suits(const ConvolutionSum<T>& sum) {
        return sum.transposed && !fills_columns<T>(sum.target_channels) && sum.source_channels > 0 &&
               sum.vertical_axis.dilation == 1 && sum.horizontal_axis.dilation == 1 &&
               sum.horizontal.sources() >= group_rows;
    }

    explicit Col2imConvolution(const ConvolutionSum<T>& sum)
        : sum_(sum),
          v_(sum.vertical_axis),
          h_(sum.horizontal_axis),
          block_(h_.stride * sum.target_channels),
          window_row_(h_.parts * block_),
          columns_(whole_vectors<T>(v_.size * window_row_)),
          pixels_(std::max(h_.sources, h_.blocks) + h_.parts - 1),
          ring_row_(pixels_ * columns_),
          before_row_((h_.parts - 1) * columns_),
          weights_(scratch<T>(sum.source_channels * columns_ + whole_vectors<T>(block_))),
          bias_(weights_ + sum.source_channels * columns_) {
        pack_weights();
        for (std::size_t i = 0; i < whole_vectors<T>(block_); ++i)
            bias_[i] = sum.bias ? sum.bias[i % sum.target_channels] : T(0);
    }

    void run(int threads) {
        const std::size_t items = sum_.batch * v_.blocks;
        const std::size_t shares = std::min(items, static_cast<std::size_t>(threads));
        parallel(static_cast<int>(shares), [&](int thread, int count) {
            // Parts are read and blocks written in whole vectors, so both buffers extend beyond their last
            // element.
            T* const ring = scratch<T, 1>(v_.parts * ring_row_ + lanes<T>);
            T* const line = scratch<T, 2>(h_.blocks * block_ + whole_vectors<T>(block_));
            const T** const terms = scratch<const T*>(v_.parts * h_.parts);
            std::fill_n(ring, v_.parts * ring_row_ + lanes<T>, T(0));
            for (std::size_t s = static_cast<std::size_t>(thread); s < shares;
                 s += static_cast<std::size_t>(count))
                for_each_rows(v_.blocks, items * s / shares, items * (s + 1) / shares,
                              [&](std::size_t image, std::size_t first, std::size_t end) {
                                  compute(image, first, end, ring, terms, line);
                              });
        });
    }

private:
    /// An axis of the target as blocks of `stride` pixels, the first of which begins `padding` pixels before
    /// the target. Tap part * stride + i of source pixel o meets pixel i of block o + part.
    struct Axis {
        std::size_t sources, targets, size, stride, padding, parts, blocks;

        explicit Axis(const contracts::ConvolutionAxis& a)
            : sources(static_cast<std::size_t>(a.out)),
              targets(static_cast<std::size_t>(a.in)),
              size(static_cast<std::size_t>(a.size)),
              stride(static_cast<std::size_t>(a.stride)),
              padding(static_cast<std::size_t>(a.padding)),
              parts((size + stride - 1) / stride),
              blocks((targets + padding + stride - 1) / stride) {}
    };
    static constexpr std::size_t panel_width = most_groups.size() * lanes<T>;

    std::size_t panel_columns(std::size_t column) const { return std::min(panel_width, columns_ - column); }

    /// Packs the weights into panels of (source channel, column). A column is (vertical tap, horizontal tap,
    /// target channel), padded with zeros up to a whole number of horizontal parts.
    void pack_weights() {
        const std::size_t channels = sum_.target_channels;
        for (std::size_t column = 0; column < columns_; ++column) {
            const std::size_t panel = column / panel_width * panel_width, step = panel_columns(panel);
            T* const to = weights_ + panel * sum_.source_channels + (column - panel);
            const std::size_t y = column / window_row_, x = column % window_row_ / channels;
            const bool is_tap = y < v_.size && x < h_.size;
            const T* const from = is_tap ? sum_.weights(y, x).at(0, column % channels).begin : nullptr;
            for (std::size_t k = 0; k < sum_.source_channels; ++k) to[k * step] = is_tap ? from[k] : T(0);
        }
    }

    /// Computes the target rows of blocks [first, end) of an image.
    void compute(std::size_t image, std::size_t first, std::size_t end, T* ring, const T** terms,
                 T* line) const {
        const std::size_t before = v_.parts - 1;
        std::size_t slot = before;  // in the ring
        for (std::size_t row = first > before ? first - before : 0; row < end; ++row) {
            slot = slot == before ? 0 : slot + 1;
            // A row's columns have zeros on both sides.
            if (row < v_.sources) multiply(image, row, ring + slot * ring_row_ + before_row_);
            if (row < first) continue;
            for (std::size_t i = 0; i < v_.stride; ++i) {
                const std::size_t y = row * v_.stride + i;
                if (y < v_.padding || y - v_.padding >= v_.targets) continue;
                add_up(ring, slot, row, i, terms, line);
                const std::size_t size = sum_.target_row();
                T* const from = line + h_.padding * sum_.target_channels;
                activate(sum_.activation, size, from);
                std::copy_n(from, size, sum_.target + image * sum_.target_image() + (y - v_.padding) * size);
            }
        }
    }

    /// Computes all columns of a source row.
    void multiply(std::size_t image, std::size_t row, T* to) const {
        const std::size_t channels = sum_.source_channels, pixels = h_.sources;
        const T* const from = sum_.source + (image * v_.sources + row) * pixels * channels;
        const Segment all{0, 0, channels};
        for (std::size_t column = 0; column < columns_; column += panel_width) {
            const std::size_t width = panel_columns(column) / lanes<T>, most = most_groups[width - 1];
            const T* a[most_groups[0]];
            T* c[most_groups[0]];
            const GroupSum<T> tile{.segments = {&all, 1},
                                   .a = a,
                                   .a_step = channels,
                                   .b = weights_ + column * channels,
                                   .b_step = width * lanes<T>};
            for (std::size_t x = 0; x < pixels;) {
                std::size_t groups = 0;
                for (; groups < most && x < pixels; ++groups, x += group_rows) {
                    const std::size_t pixel = std::min(x, pixels - group_rows);
                    a[groups] = from + pixel * channels;
                    c[groups] = to + pixel * columns_ + column;
                }
                find_group_kernel<T>(groups, width)(tile, c, columns_, {});
            }
        }
    }

    /// Adds up row `i` of vertical block `block`, bias included.
    void add_up(const T* ring, std::size_t slot, std::size_t block, std::size_t i, const T** terms,
                T* line) const {
        std::size_t count = 0;
        for (std::size_t v = 0; v < v_.parts && v <= block; ++v) {
            const std::size_t row = block - v, tap = v * v_.stride + i;
            if (row >= v_.sources || tap >= v_.size) continue;
            const T* term = ring + (slot < v ? slot + v_.parts - v : slot - v) * ring_row_ + before_row_ +
                            tap * window_row_;
            for (std::size_t h = 0; h < h_.parts; ++h, term -= columns_ - block_) terms[count++] = term;
        }
        if (count == 4)
            add_terms<4>(terms, 4, line);
        else if (count == 2)
            add_terms<2>(terms, 2, line);
        else
            add_terms<0>(terms, count, line);
    }
    /// line = bias + the sum of `count` terms, count >= first.
    template <std::size_t first>
    void add_terms(const T* const* terms, std::size_t count, T* line) const {
        const std::size_t block = block_, columns = columns_, blocks = h_.blocks;
        // The last vector of a block overwrites the beginning of the next block, so it is written first.
        constexpr std::size_t part = lanes<T> / 2;
        for (std::size_t j = (block + part - 1) / part * part; j > 0;) {
            j -= part;
            const HalfVector<T> bias = load_half(bias_ + j);
            const T* from[first + 1];
            static_for<first>([&](auto t) GANTRY_ALWAYS_INLINE { from[t()] = terms[t()] + j; });
            T* to = line + j;
            for (std::size_t at = 0; at < blocks * columns; at += columns, to += block) {
                HalfVector<T> sum = bias;
                static_for<first>([&](auto t) GANTRY_ALWAYS_INLINE { sum += load_half(from[t()] + at); });
                for (std::size_t t = first; t < count; ++t) sum += load_half(terms[t] + j + at);
                store_half(to, sum);
            }
        }
    }

    const ConvolutionSum<T>& sum_;
    Axis v_, h_;
    std::size_t block_, window_row_, columns_, pixels_, ring_row_, before_row_;
    T* weights_;
    T* bias_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
