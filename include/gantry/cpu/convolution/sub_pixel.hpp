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

/// One axis of the sub-pixel form: target pixel t is phase (t + crop) % phases of pixel (t + crop) / phases.
struct SubPixelAxis {
    contracts::ConvolutionAxis axis;
    int phases = 1, crop = 0;

    SubPixelAxis(const contracts::ConvolutionAxis& whole, bool transposed) : axis(whole) {
        // Dilation mixes the phases, and a window smaller than the stride leaves phases without taps.
        if (!transposed || whole.dilation != 1 || whole.size < whole.stride) return;
        phases = whole.stride;
        crop = whole.padding % phases;
        axis.in = (whole.in - 1 + crop) / phases + 1;
        axis.size = (whole.size + phases - 1) / phases;
        axis.stride = 1;
        axis.padding = whole.padding / phases;
    }
};

/// Packed convolution whose tiles have target channels (times phases) as rows and images as columns.
template <class T>
class SubPixelConvolution {
public:
    static constexpr std::size_t most_lanes = tile_width * lanes<T>;

    SubPixelConvolution(int threads, const ConvolutionSum<T>& sum)
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
            // Tiles of a target row: (pixel, phases and channel, lane).
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
    /// Packs the weights as (tap, source channel, vertical phase, horizontal phase, target channel), with
    /// zeros where a phase has fewer taps.
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

    /// For each element i of a target row, its row in the tiles, for vertical phase 0.
    void list_places() {
        const std::size_t crop = static_cast<std::size_t>(h_.crop) * sum_.target_channels,
                          size = sum_.target_row();
        for (std::size_t i = 0; i < whole_vectors<T>(size); ++i) {
            const std::size_t at = std::min(i, size - 1) + crop;
            places_[i] = at / run_size() * weight_step_ + at % run_size();
        }
    }
    /// Number of elements that are contiguous both in the target and in a tile.
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

    /// Adds the bias, applies the activation, and scatters a row of tiles to the images.
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

    /// The target row of vertical phase `phase` of row `row` in lane `lane`, or null outside the target.
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

}  // namespace gantry::cpu::inline GANTRY_TARGET
