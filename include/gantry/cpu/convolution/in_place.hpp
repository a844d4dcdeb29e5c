#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/columns.hpp>
#include <gantry/cpu/convolution/source.hpp>
#include <gantry/cpu/gemm/group_kernel.hpp>
#include <gantry/cpu/gemm/pack.hpp>
#include <gantry/cpu/simd/activation.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Forward or transposed convolution that reads its source in place.
///
/// A row of a tile is a target pixel in one image. The source pixels that it meets in one source row are
/// contiguous in memory, since neighbouring taps meet neighbouring pixels. All rows of a tile must have the
/// same taps but need not be neighbours: they come in groups, the same pixel of several images, and each
/// group may be a different pixel. So a row of the target is computed by classes of columns with the same
/// taps. Taps outside the image belong to no class.
template <class T>
class InPlaceConvolution {
public:
    /// True if this algorithm suits the geometry. Panels must be whole. The contiguous runs must be long
    /// enough to pay for locating them, but short enough that packing the images would not be cheap: packed
    /// images are read sequentially, which is faster. Windows must be small, since each position at an edge
    /// is a separate class.
    static bool suits(const ConvolutionSum<T>& sum) {
        const auto taps = [](const AxisTaps& axis) {  // per pixel
            return (axis.size() + axis.phases() - 1) / axis.phases();
        };
        const std::size_t piece = taps(sum.horizontal) * sum.source_channels;
        return sum.batch % group_rows == 0 && sum.horizontal.step() == 1 && taps(sum.vertical) <= 4 &&
               taps(sum.horizontal) <= 4 && 8 <= piece && piece <= 96 &&
               sum.target_channels % panel_width == 0;
    }

    InPlaceConvolution(int threads, const ConvolutionSum<T>& sum)
        : threads_(threads),
          sum_(sum),
          columns_(list_columns(sum.horizontal)),
          panels_(sum.target_channels / panel_width),
          // pack writes whole vectors beyond the last row
          panel_size_((sum.taps() * sum.source_channels + lanes<T>)*panel_width),
          weights_(scratch<T>(panels_ * panel_size_ + sum.target_channels)),
          bias_(weights_ + panels_ * panel_size_),
          blocks_(sum.batch / group_rows, tile_groups, 1) {
        pack_weights();
        if (sum.bias) std::copy_n(sum.bias, sum.target_channels, bias_);
    }

    void run() {
        // A share is a range of (block, row) pairs and a range of panels.
        const std::size_t most = static_cast<std::size_t>(threads_), rows = sum_.vertical.targets();
        const std::size_t items = blocks_.count * rows, by_items = std::min(items, most);
        const std::size_t by_panels = std::min(panels_, most / by_items), shares = by_items * by_panels;
        parallel(static_cast<int>(shares), [&](int thread, int count) {
            Segment* const segments = scratch<Segment, 1>(sum_.vertical.size());
            for (std::size_t share = static_cast<std::size_t>(thread); share < shares;
                 share += static_cast<std::size_t>(count)) {
                const std::size_t i = share / by_panels, j = share % by_panels;
                for_each_rows(rows, items * i / by_items, items * (i + 1) / by_items,
                              [&](std::size_t block, std::size_t row, std::size_t end) {
                                  for (std::size_t p = panels_ * j / by_panels;
                                       p < panels_ * (j + 1) / by_panels; ++p)
                                      for (std::size_t r = row; r < end; ++r) compute(block, r, p, segments);
                              });
            }
        });
    }

private:
    static constexpr std::size_t panel_width = tile_width * lanes<T>;
    static constexpr std::size_t tile_groups = most_groups[tile_width - 1];

    /// Panels are (tap, source channel, column). The matrix of a tap is packed into all panels while it is in
    /// the cache.
    void pack_weights() {
        std::size_t row = 0;
        for (std::size_t v = 0; v < sum_.vertical.size(); ++v)
            for (std::size_t h = 0; h < sum_.horizontal.size(); ++h, row += sum_.source_channels) {
                const Operand<T> weights = sum_.weights(sum_.vertical.tap(v), sum_.horizontal.tap(h));
                for (std::size_t p = 0; p < panels_; ++p)
                    pack(weights.at(0, p * panel_width), sum_.source_channels, panel_width,
                         weights_ + p * panel_size_ + row * panel_width, panel_width);
            }
    }

    /// Computes one panel of a row of the target for a block of images.
    void compute(std::size_t block, std::size_t row, std::size_t panel, Segment* segments) const {
        const TapRun row_taps = sum_.vertical.at(row);
        const std::size_t source_row = sum_.horizontal.sources() * sum_.source_channels;
        for (std::size_t first = 0, end = 0; first < columns_.size(); first = end) {
            end = first + 1;
            while (end < columns_.size() && columns_[end].same) ++end;
            const std::span<const Column> columns = columns_.subspan(first, end - first);
            const TapRun& taps = columns.front().taps;
            std::size_t count = 0;
            for (std::size_t i = 0; taps.count > 0 && i < row_taps.count; ++i)
                segments[count++] = {(row_taps.pixel + i * sum_.vertical.step()) * source_row,
                                     ((row_taps.tap + i) * sum_.horizontal.size() + taps.tap) *
                                         sum_.source_channels * panel_width,
                                     taps.count * sum_.source_channels};
            compute_class(block, row, columns, panel, segments, count);
        }
    }

    void compute_class(std::size_t block, std::size_t row, const std::span<const Column>& columns,
                       std::size_t panel, const Segment* segments, std::size_t segment_count) const {
        const std::size_t source_image =
            sum_.vertical.sources() * sum_.horizontal.sources() * sum_.source_channels;
        const T* a[tile_groups];
        T* c[tile_groups];
        const GroupSum<T> tile{.segments = {segments, segment_count},
                               .a = a,
                               .a_step = source_image,
                               .b = weights_ + panel * panel_size_,
                               .b_step = panel_width};
        const TileEnd<T> end{.bias = sum_.bias ? bias_ + panel * panel_width : nullptr,
                             .leaky_relu = sum_.activation.kind == contracts::ActivationKind::leaky_relu,
                             .slope = static_cast<T>(sum_.activation.parameter)};
        const bool activate_after =
            !end.leaky_relu && sum_.activation.kind != contracts::ActivationKind::identity;
        std::size_t groups = 0;
        const auto multiply = [&] {
            find_group_kernel<T>(groups, tile_width)(tile, c, sum_.target_image(), end);
            for (std::size_t i = 0; activate_after && i < groups * group_rows; ++i)
                activate(sum_.activation, panel_width,
                         c[i / group_rows] + i % group_rows * sum_.target_image());
            groups = 0;
        };
        const std::size_t first = blocks_.begin(block);
        for (std::size_t g = first; g < first + blocks_.size(block); ++g) {
            const T* const from = sum_.source + g * group_rows * source_image;
            T* const to = sum_.target + g * group_rows * sum_.target_image() + row * sum_.target_row() +
                          panel * panel_width;
            for (const Column& column : columns) {
                a[groups] = from + column.taps.pixel * sum_.source_channels;
                c[groups] = to + column.x * sum_.target_channels;
                if (++groups == tile_groups) multiply();
            }
        }
        if (groups > 0) multiply();
    }

    int threads_;
    const ConvolutionSum<T>& sum_;
    std::span<const Column> columns_;
    std::size_t panels_, panel_size_;
    T* weights_;
    T* bias_;
    LaneBlocks blocks_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
