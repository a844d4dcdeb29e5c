#pragma once
#include <gantry/cpu/activation.hpp>
#include <gantry/cpu/convolution_columns.hpp>
#include <gantry/cpu/convolution_direct.hpp>
#include <gantry/cpu/convolution_overlap.hpp>
#include <gantry/cpu/convolution_source.hpp>
#include <gantry/cpu/parallel.hpp>

#include <algorithm>
#include <cstddef>

// A convolution and a transposed one, as products of small matrices that stay in the caches. None of the
// geometry needs to be known at compile time.
//
// There are four forms. `run` chooses by the geometry alone, so that neither the number of threads nor the
// images beside one change its bits:
//
// - DirectColumns reads images where they lie, in groups of the same pixel of a few images.
// - ChannelColumns, for all other geometries with many target channels, packs images side by side: for a
//   block of images, memory is (row, column, channel, image). All images of the block have the same taps at a
//   pixel, so that a pixel of the block is one tile of the micro-kernel, images x target channels, summed
//   over segments: each row of taps is one run of (taps x source channels) terms, in the packed source and in
//   the packed weights. No tap outside of the image is ever multiplied. Terms have the order that they have
//   in DirectColumns, and so elements the same bits.
// - OverlapAdd, for a transposed convolution to few channels, computes what each source pixel adds to the
//   target, and adds up.
// - ImageColumns, for all others with few target channels, packs images side by side, too, but they are the
//   tile's columns. A transposed convolution of stride s then computes the s x s pixels of its target that
//   meet the same pixels of the source as one pixel with s x s times as many channels, and spreads them
//   afterwards (the sub-pixel convolution of Shi et al. 2016, arXiv:1609.05158).

namespace gantry::cpu {

/// Images as rows of the tiles, channels of the target as columns.
template <class T>
class ChannelColumns {
public:
    static constexpr std::size_t panel_width = tile_width * lanes<T>;

    ChannelColumns(int threads, const ConvolutionSum<T>& sum)
        : threads_(threads),
          sum_(sum),
          lanes_(sum.vertical_axis, sum.transposed, sum.batch, tile_height),
          blocks_(sum.batch * lanes_.parts, tile_height, 1),
          columns_(list_columns(sum.horizontal)),
          panels_((sum.target_channels + panel_width - 1) / panel_width),
          // with room for the whole vectors that pack writes
          panel_size_((sum.taps() * sum.source_channels + lanes<T>)*panel_width),
          weights_(scratch<T>(panels_ * (panel_size_ + panel_width))),
          bias_(weights_ + panels_ * panel_size_),
          activate_after_(sum.activation.kind != ActivationKind::identity &&
                          sum.activation.kind != ActivationKind::leaky_relu) {
        if (sum.bias) std::copy_n(sum.bias, sum.target_channels, bias_);
        parallel_ranges(threads, panels_, 1, std::max<std::size_t>(1, 65536 / panel_size_),
                        [&](std::size_t first, std::size_t last) { pack_weights(first, last); });
    }

    void run() {
        // A share is some (block, row) and some panels.
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
    /// Panels [first, last); a panel's memory is (tap, source channel, column). A tap's matrix is read for
    /// all of them while it is in the cache.
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

    /// Row `row` of the target in lane `lane`, or null where the lane ends before it.
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
                                  .leaky_relu = sum_.activation.kind == ActivationKind::leaky_relu,
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

/// One axis of the sub-pixel form: target pixel t is phase (t + crop) % phases of pixel (t + crop) / phases.
struct SubPixelAxis {
    ConvolutionAxis axis;
    int phases = 1, crop = 0;

    SubPixelAxis(const ConvolutionAxis& whole, bool transposed) : axis(whole) {
        // Other dilations mix the phases; a smaller window leaves some without any tap.
        if (!transposed || whole.dilation != 1 || whole.size < whole.stride) return;
        phases = whole.stride;
        crop = whole.padding % phases;
        axis.in = (whole.in - 1 + crop) / phases + 1;
        axis.size = (whole.size + phases - 1) / phases;
        axis.stride = 1;
        axis.padding = whole.padding / phases;
    }
};

/// Images as columns of the tiles, channels of the target as rows.
template <class T>
class ImageColumns {
public:
    static constexpr std::size_t most_lanes = tile_width * lanes<T>;

    ImageColumns(int threads, const ConvolutionSum<T>& sum)
        : threads_(threads),
          sum_(sum),
          v_(sum.vertical_axis, sum.transposed),
          h_(sum.horizontal_axis, sum.transposed),
          vertical_(v_.axis, sum.transposed),
          horizontal_(h_.axis, sum.transposed),
          lanes_(v_.axis, sum.transposed, sum.batch, most_lanes),
          blocks_(sum.batch * lanes_.parts, most_lanes, lanes<T>),
          columns_(list_columns(horizontal_)),
          rows_(static_cast<std::size_t>(v_.phases * h_.phases) * sum.target_channels),
          tiles_((rows_ + tile_height - 1) / tile_height),
          height_index_(tile_height_index((rows_ + tiles_ - 1) / tiles_)),
          weight_step_(tiles_ * tile_heights[height_index_]),
          weights_(scratch<T>(vertical_.size() * horizontal_.size() * sum.source_channels * weight_step_)),
          places_(scratch<std::size_t>(whole_vectors<T>(sum.target_row()))) {
        pack_weights();
        list_places();
    }

    void run() {
        const std::size_t items = blocks_.count * lanes_.rows;
        const std::size_t shares = std::min(items, static_cast<std::size_t>(threads_));
        parallel(static_cast<int>(shares), [&](int thread, int count) {
            ConvolutionSource<T> source(sum_, horizontal_, lanes_,
                                        std::min(most_lanes, whole_vectors<T>(blocks_.all)));
            // Tiles of a row: (pixel, phases and channel, lane).
            T* const row_of_tiles = scratch<T, 2>(columns_.size() * weight_step_ * source.step());
            for (std::size_t s = static_cast<std::size_t>(thread); s < shares;
                 s += static_cast<std::size_t>(count))
                for_each_rows(lanes_.rows, items * s / shares, items * (s + 1) / shares,
                              [&](std::size_t block, std::size_t row, std::size_t end) {
                                  compute(source, row_of_tiles, blocks_.begin(block), blocks_.size(block),
                                          row, end);
                              });
        });
    }

private:
    /// (tap, source channel, vertical phase, horizontal phase, channel), zeros where a phase has fewer taps.
    void pack_weights() {
        const std::size_t phases_v = static_cast<std::size_t>(v_.phases),
                          phases_h = static_cast<std::size_t>(h_.phases);
        T* to = weights_;
        for (std::size_t v = 0; v < vertical_.size(); ++v)
            for (std::size_t h = 0; h < horizontal_.size(); ++h)
                for (std::size_t k = 0; k < sum_.source_channels; ++k, to += weight_step_) {
                    T* at = to;
                    for (std::size_t i = 0; i < phases_v; ++i)
                        for (std::size_t j = 0; j < phases_h; ++j) {
                            const std::size_t y = vertical_.tap(v) * phases_v + i,
                                              x = horizontal_.tap(h) * phases_h + j;
                            const bool is_tap = y < sum_.vertical.size() && x < sum_.horizontal.size();
                            for (std::size_t c = 0; c < sum_.target_channels; ++c)
                                *at++ = is_tap ? *sum_.weights(y, x).at(k, c).begin : T(0);
                        }
                    std::fill(at, to + weight_step_, T(0));
                }
    }

    /// The row of tiles in which element i of a row of the target stands, in its first phase.
    void list_places() {
        const std::size_t crop = static_cast<std::size_t>(h_.crop) * sum_.target_channels,
                          size = sum_.target_row();
        for (std::size_t i = 0; i < whole_vectors<T>(size); ++i) {
            const std::size_t at = std::min(i, size - 1) + crop;
            places_[i] = at / run_size() * weight_step_ + at % run_size();
        }
    }
    /// Elements that are neighbours in the target and in a tile.
    std::size_t run_size() const { return static_cast<std::size_t>(h_.phases) * sum_.target_channels; }

    void compute(ConvolutionSource<T>& source, T* row_of_tiles, std::size_t lane, std::size_t count,
                 std::size_t row, std::size_t end) {
        const MicroKernel<T> kernel = find_micro_kernel<T>(height_index_, (count + lanes<T> - 1) / lanes<T>);
        TileSum<T> tile{.a_step = weight_step_, .b_step = source.step()};
        while (row < end) {
            const std::size_t packed_end = source.pack_rows(lane, count, row, end);
            for (; row < packed_end; ++row) {
                const TapRun row_taps = lanes_.vertical.at(row);
                for (const Column& pixel : columns_) {
                    if (!pixel.same)
                        tile.segments = source.segments(row_taps, pixel.taps, weight_step_, false);
                    tile.b = source.pixel(pixel.taps);
                    for (std::size_t t = 0; t < tiles_; ++t) {
                        const std::size_t first = t * tile_heights[height_index_];
                        tile.a = weights_ + first;
                        kernel(tile, row_of_tiles + (pixel.x * weight_step_ + first) * source.step(),
                               source.step(), {}, {});
                    }
                }
                finish(row_of_tiles, source.step(), lane, count, row);
            }
        }
    }

    /// Bias, activation, and the way of a row of tiles to the images.
    void finish(T* tiles, std::size_t step, std::size_t lane, std::size_t count, std::size_t row) {
        const std::size_t all = columns_.size() * weight_step_, size = sum_.target_row();
        if (sum_.bias)
            for (std::size_t i = 0; i < all; ++i)
                for (std::size_t j = 0; j < step; ++j)
                    tiles[i * step + j] += sum_.bias[i % weight_step_ % sum_.target_channels];
        activate(sum_.activation, all * step, tiles);
        for (std::size_t phase = 0; phase < static_cast<std::size_t>(v_.phases); ++phase)
            for (std::size_t j = 0; j < count; j += lanes<T>) {
                const T* const from = tiles + phase * run_size() * step + j;
                T* to[lanes<T>];
                const std::size_t here = std::min(lanes<T>, count - j);
                for (std::size_t l = 0; l < here; ++l) to[l] = target(lane + j + l, row, phase);
                for (std::size_t i = 0; i < size; i += lanes<T>) {
                    Vector<T> block[lanes<T>];
                    static_for<lanes<T>>(
                        [&](auto k) GANTRY_ALWAYS_INLINE { block[k] = load(from + places_[i + k] * step); });
                    transpose(block);
                    for (std::size_t l = 0; l < here; ++l) {
                        if (!to[l]) continue;
                        if (size - i >= lanes<T>)
                            store(to[l] + i, block[l]);
                        else
                            store_partial(to[l] + i, size - i, block[l]);
                    }
                }
            }
    }

    /// The row of the target that is this phase of row `row` of lane `lane`, or null where there is none.
    T* target(std::size_t lane, std::size_t row, std::size_t phase) const {
        const std::size_t y =
            (lane % lanes_.parts * lanes_.rows + row) * static_cast<std::size_t>(v_.phases) + phase;
        const std::size_t crop = static_cast<std::size_t>(v_.crop);
        if (y < crop || y - crop >= sum_.vertical.targets()) return nullptr;
        return sum_.target + lane / lanes_.parts * sum_.target_image() + (y - crop) * sum_.target_row();
    }

    int threads_;
    const ConvolutionSum<T>& sum_;
    SubPixelAxis v_, h_;
    AxisTaps vertical_, horizontal_;
    Lanes lanes_;
    LaneBlocks blocks_;
    std::span<const Column> columns_;
    std::size_t rows_, tiles_, height_index_, weight_step_;
    T* weights_;
    std::size_t* places_;
};

template <class T>
void run(int threads, const ConvolutionSum<T>& sum) {
    if (DirectColumns<T>::suits(sum))
        DirectColumns<T>(threads, sum).run();
    else if (OverlapAdd<T>::suits(sum))
        OverlapAdd<T>(sum).run(threads);
    else if (fills_columns<T>(sum.target_channels))
        ChannelColumns<T>(threads, sum).run();
    else
        ImageColumns<T>(threads, sum).run();
}

}  // namespace gantry::cpu
