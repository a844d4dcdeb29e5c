#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/columns.hpp>
#include <gantry/cpu/convolution/source.hpp>
#include <gantry/cpu/simd/activation.hpp>
#include <gantry/cpu/threads/parallel.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Packed convolution whose tiles have images as rows and target channels as columns.
template <class T>
class PackedConvolution {
public:
    static constexpr std::size_t panel_width = tile_width * lanes<T>;

    PackedConvolution(int threads, const ConvolutionSum<T>& sum)
        : threads_(threads),
          sum_(sum),
          lanes_(sum.vertical_axis, sum.transposed, sum.batch, tile_height),
          blocks_(sum.batch * lanes_.parts, tile_height, 1),
          columns_(list_columns(sum.horizontal)),
          panels_((sum.target_channels + panel_width - 1) / panel_width),
          // pack writes whole vectors beyond the last row
          panel_size_((sum.taps() * sum.source_channels + lanes<T>)*panel_width),
          weights_(scratch<T>(panels_ * (panel_size_ + panel_width))),
          bias_(weights_ + panels_ * panel_size_),
          activate_after_(sum.activation.kind != contracts::ActivationKind::identity &&
                          sum.activation.kind != contracts::ActivationKind::leaky_relu) {
        if (sum.bias) std::copy_n(sum.bias, sum.target_channels, bias_);
        parallel_ranges(threads, panels_, 1, std::max<std::size_t>(1, 65536 / panel_size_),
                        [&](std::size_t first, std::size_t last) { pack_weights(first, last); });
    }

    void run() {
        // A share is a range of (block, row) pairs and a range of panels.
        const std::size_t most = static_cast<std::size_t>(threads_), items = blocks_.count * lanes_.rows;
        const std::size_t by_items = std::min(items, most), by_panels = std::min(panels_, most / by_items);
        const std::size_t shares = by_items * by_panels;
        parallel(static_cast<int>(shares), [&](int thread, int count) {
            ConvolutionSource<T> source(sum_, sum_.horizontal, lanes_, whole_vectors<T>(tile_height));
            for (std::size_t share = static_cast<std::size_t>(thread); share < shares;
                 share += static_cast<std::size_t>(count)) {
                const std::size_t i = share / by_panels, j = share % by_panels;
                for_each_rows(lanes_.rows, items * i / by_items, items * (i + 1) / by_items,
                              [&](std::size_t block, std::size_t row, std::size_t end) {
                                  compute(source, block, row, end, panels_ * j / by_panels,
                                          panels_ * (j + 1) / by_panels);
                              });
            }
        });
    }

private:
    /// Packs panels [first, last) as (tap, source channel, column). The matrix of a tap is packed into all
    /// panels while it is in the cache.
    void pack_weights(std::size_t first, std::size_t last) {
        std::size_t row = 0;
        for (std::size_t v = 0; v < sum_.vertical.size(); ++v)
            for (std::size_t h = 0; h < sum_.horizontal.size(); ++h, row += sum_.source_channels) {
                const Operand<T> weights = sum_.weights(sum_.vertical.tap(v), sum_.horizontal.tap(h));
                for (std::size_t panel = first; panel < last; ++panel) {
                    const std::size_t column = panel * panel_width;
                    const std::size_t width = std::min(panel_width, sum_.target_channels - column);
                    const std::size_t step = whole_vectors<T>(width);
                    pack(weights.at(0, column), sum_.source_channels, width,
                         weights_ + panel * panel_size_ + row * step, step);
                }
            }
    }

    /// Row `row` of the target in lane `lane`, or null beyond the end of the image.
    T* target(std::size_t lane, std::size_t row) const {
        const std::size_t y = lane % lanes_.parts * lanes_.rows + row;
        if (y >= sum_.vertical.targets()) return nullptr;
        return sum_.target + lane / lanes_.parts * sum_.target_image() + y * sum_.target_row();
    }

    void compute(ConvolutionSource<T>& source, std::size_t block, std::size_t row, std::size_t end,
                 std::size_t panel, std::size_t last_panel) {
        const std::size_t lane = blocks_.begin(block), count = blocks_.size(block);
        while (row < end) {
            const std::size_t packed_end = source.pack_rows(lane, count, row, end);
            for (std::size_t p = panel; p < last_panel; ++p)
                compute_panel(source, lane, count, row, packed_end, p);
            row = packed_end;
        }
    }

    void compute_panel(const ConvolutionSource<T>& source, std::size_t lane, std::size_t count,
                       std::size_t row, std::size_t end, std::size_t panel) {
        const std::size_t column = panel * panel_width, channels = sum_.target_channels;
        const std::size_t width = std::min(panel_width, channels - column);
        const std::size_t index = tile_height_index(count), step = whole_vectors<T>(width);
        const MicroKernel<T> kernel = find_micro_kernel<T>(index, step / lanes<T>);
        const bool in_place = count == tile_heights[index] && width == step && lanes_.parts == 1;
        const TileEnd<T> tile_end{.bias = sum_.bias ? bias_ + column : nullptr,
                                  .leaky_relu = sum_.activation.kind == contracts::ActivationKind::leaky_relu,
                                  .slope = static_cast<T>(sum_.activation.parameter)};
        TileSum<T> tile{.a_step = source.step(), .b = weights_ + panel * panel_size_, .b_step = step};
        T buffer[tile_height * panel_width];
        for (; row < end; ++row) {
            const TapRun row_taps = lanes_.vertical.at(row);
            T* const first_target = target(lane, row);
            for (const Column& pixel : columns_) {
                if (!pixel.same) tile.segments = source.segments(row_taps, pixel.taps, step, true);
                tile.a = source.pixel(pixel.taps);
                const std::size_t at = pixel.x * channels + column;
                if (in_place) {
                    kernel(tile, first_target + at, sum_.target_image(), tile_end, {});
                } else {
                    kernel(tile, buffer, panel_width, tile_end, {});
                    for (std::size_t l = 0; l < count; ++l)
                        if (T* const to = target(lane + l, row))
                            std::copy_n(buffer + l * panel_width, width, to + at);
                }
            }
            if (activate_after_)
                for (std::size_t l = 0; l < count; ++l)
                    if (T* const to = target(lane + l, row))
                        for (std::size_t x = 0; x < columns_.size(); ++x)
                            activate(sum_.activation, width, to + x * channels + column);
        }
    }

    int threads_;
    const ConvolutionSum<T>& sum_;
    Lanes lanes_;
    LaneBlocks blocks_;
    std::span<const Column> columns_;
    std::size_t panels_, panel_size_;
    T* weights_;
    T* bias_;
    bool activate_after_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
