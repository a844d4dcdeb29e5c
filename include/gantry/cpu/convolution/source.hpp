#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/taps.hpp>
#include <gantry/cpu/gemm/micro_kernel.hpp>
#include <gantry/cpu/gemm/pack.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Forward or transposed convolution: target[n, pixel, c] = activation(sum over the taps of the pixel and
/// over k of source[n, pixel of the tap, k] w[tap](k, c) + bias[c]). In memory, w[tap] is (target_channels,
/// source_channels) if `transposed`, else (source_channels, target_channels).
template <class T>
struct ConvolutionSum {
    contracts::ConvolutionAxis vertical_axis, horizontal_axis;
    bool transposed = false;
    std::size_t batch = 0, source_channels = 0, target_channels = 0;
    const T* source = nullptr;
    const T* w = nullptr;
    T* target = nullptr;
    const T* bias = nullptr;
    contracts::Activation activation = {};
    AxisTaps vertical{vertical_axis, transposed}, horizontal{horizontal_axis, transposed};

    std::size_t taps() const { return vertical.size() * horizontal.size(); }
    std::size_t target_row() const { return horizontal.targets() * target_channels; }
    std::size_t target_image() const { return vertical.targets() * target_row(); }

    /// w[tap](k, c) as an operand, for tap (v, h) of the window.
    Operand<T> weights(std::size_t v, std::size_t h) const {
        const std::size_t matrix = source_channels * target_channels;
        return {w + (v * horizontal.size() + h) * matrix, w + taps() * matrix,
                transposed ? source_channels : target_channels, transposed};
    }
};

/// The lanes of a packed source: one per image, or, if the batch is small, one per part of an image, a strip
/// of target rows. Lane l is part l % parts of image l / parts. Source rows that a part needs but that lie
/// outside its image are packed as zeros, so that all lanes have the same taps.
struct Lanes {
    std::size_t parts = 1, rows = 0;  ///< parts per image, target rows per part
    AxisTaps vertical;                ///< taps of a part
    /// First source row of part 0, relative to the image, and its distance from one part to the next.
    std::ptrdiff_t first = 0, later = 0;

    /// `most`: most lanes in a tile.
    Lanes(const contracts::ConvolutionAxis& axis, bool transposed, std::size_t batch, std::size_t most)
        : vertical(axis, transposed) {
        const std::size_t targets = vertical.targets(), wanted = std::max<std::size_t>(1, most / batch);
        // Rows of different phases have different taps, so a part is a whole number of strides.
        const std::size_t unit = transposed ? static_cast<std::size_t>(axis.stride) : 1;
        rows = ((targets + wanted - 1) / wanted + unit - 1) / unit * unit;
        parts = (targets + rows - 1) / rows;
        if (parts == 1) {
            rows = targets;
            return;
        }
        contracts::ConvolutionAxis part = axis;
        const int count = static_cast<int>(rows), reach = (axis.size - 1) * axis.dilation;
        if (transposed) {
            const int before = std::max(0, (reach - axis.padding + axis.stride - 1) / axis.stride);
            part.in = count;
            part.out = before + (count - 1 + axis.padding) / axis.stride + 1;
            part.padding += before * axis.stride;
            first = -before;
            later = count / axis.stride;
        } else {
            part.in = (count - 1) * axis.stride + reach + 1;
            part.out = count;
            part.padding = 0;
            first = -axis.padding;
            later = count * axis.stride;
        }
        vertical = AxisTaps(part, transposed);
    }

    /// The row of the image at which the source of `lane` begins.
    std::ptrdiff_t source_row(std::size_t lane) const {
        return first + static_cast<std::ptrdiff_t>(lane % parts) * later;
    }
};

/// Bytes of the source that are packed at a time: they stay in the L2 cache.
inline constexpr std::size_t packed_bytes = 524288;

/// Packed source rows of several lanes, laid out as (row, column, channel, lane), in scratch memory of the
/// calling thread.
template <class T>
class ConvolutionSource {
public:
    /// `horizontal`: taps of the target pixels. `most_lanes`: most lanes, a whole number of vectors.
    ConvolutionSource(const ConvolutionSum<T>& sum, const AxisTaps& horizontal, const Lanes& lanes_of,
                      std::size_t most_lanes)
        : source_(sum.source),
          batch_(sum.batch),
          image_rows_(sum.vertical.sources()),
          channels_(sum.source_channels),
          horizontal_(horizontal),
          lanes_(lanes_of),
          step_(most_lanes) {
        const AxisTaps& vertical = lanes_.vertical;
        const std::size_t window = (vertical.size() - 1) * vertical.step() + 1;
        const std::size_t fit = packed_bytes / sizeof(T) / std::max<std::size_t>(1, row() * step_);
        most_rows_ = std::min(vertical.sources(), std::max(window, fit));
        const std::size_t size = most_rows_ * row() * step_ + lanes<T> * step_;  // pack writes whole vectors
        packed_ = scratch<T, 1>(size + (lanes_.parts > 1 ? most_rows_ * row() * step_ : 0));
        staged_ = packed_ + size;
        segments_ = scratch<Segment, 1>(vertical.size() * horizontal.size());
    }

    std::size_t step() const { return step_; }

    /// Packs, for lanes [lane, lane + count), the source rows that target rows [row, end) meet, stopping when
    /// the buffer is full. Returns the end of the target rows covered.
    std::size_t pack_rows(std::size_t lane, std::size_t count, std::size_t row, std::size_t end) {
        first_row_ = 0;
        std::size_t end_row = 0;
        for (; row < end; ++row) {
            const TapRun taps = lanes_.vertical.at(row);
            if (taps.count == 0) continue;
            const std::size_t taps_end = taps.pixel + (taps.count - 1) * lanes_.vertical.step() + 1;
            const std::size_t from = end_row == 0 ? taps.pixel : std::min(first_row_, taps.pixel);
            const std::size_t to = std::max(end_row, taps_end);
            if (to - from > most_rows_) break;
            first_row_ = from;
            end_row = to;
        }
        if (end_row > 0) pack_source(lane, count, end_row - first_row_);
        return row;
    }

    /// Segments of the sum for target pixels with these taps, relative to `pixel(column)`. `weight_step` is
    /// the distance between consecutive terms in the packed weights.
    std::span<const Segment> segments(const TapRun& row, const TapRun& column, std::size_t weight_step,
                                      bool source_is_a) const {
        std::size_t count = 0;
        const bool joined = horizontal_.step() == 1;  // neighbouring taps meet neighbouring pixels
        const std::size_t runs = joined ? std::min<std::size_t>(1, column.count) : column.count;
        const std::size_t terms = (joined ? column.count : 1) * channels_;
        for (std::size_t i = 0; terms > 0 && i < row.count; ++i) {
            const std::size_t y = row.pixel + i * lanes_.vertical.step() - first_row_;
            const std::size_t tap = (row.tap + i) * horizontal_.size() + column.tap;
            for (std::size_t j = 0; j < runs; ++j) {
                const std::size_t source =
                    (y * horizontal_.sources() + j * horizontal_.step()) * channels_ * step_;
                const std::size_t weight = (tap + j) * channels_ * weight_step;
                segments_[count++] =
                    source_is_a ? Segment{source, weight, terms} : Segment{weight, source, terms};
            }
        }
        return {segments_, count};
    }
    const T* pixel(const TapRun& column) const { return packed_ + column.pixel * channels_ * step_; }

private:
    std::size_t row() const { return horizontal_.sources() * channels_; }

    void pack_source(std::size_t lane, std::size_t count, std::size_t rows) {
        const std::size_t image = image_rows_ * row();
        if (lanes_.parts == 1) {
            const T* const begin = source_ + lane * image + first_row_ * row();
            pack(Operand<T>{begin, source_ + batch_ * image, image, true}, rows * row(), count, packed_,
                 step_);
            return;
        }
        for (std::size_t l = 0; l < count; ++l) {
            const T* const begin = source_ + (lane + l) / lanes_.parts * image;
            for (std::size_t r = 0; r < rows; ++r) {
                const std::ptrdiff_t y =
                    lanes_.source_row(lane + l) + static_cast<std::ptrdiff_t>(first_row_ + r);
                T* const to = staged_ + (l * rows + r) * row();
                if (y >= 0 && y < static_cast<std::ptrdiff_t>(image_rows_))
                    std::copy_n(begin + static_cast<std::size_t>(y) * row(), row(), to);
                else
                    std::fill_n(to, row(), T(0));
            }
        }
        pack(Operand<T>{staged_, staged_ + count * rows * row(), rows * row(), true}, rows * row(), count,
             packed_, step_);
    }

    const T* source_;
    std::size_t batch_, image_rows_, channels_;
    const AxisTaps& horizontal_;
    const Lanes& lanes_;
    std::size_t step_, most_rows_ = 0, first_row_ = 0;
    T* packed_ = nullptr;
    T* staged_ = nullptr;
    Segment* segments_ = nullptr;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
