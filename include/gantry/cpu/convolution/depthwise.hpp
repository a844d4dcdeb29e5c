#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/columns.hpp>
#include <gantry/cpu/convolution/source.hpp>
#include <gantry/cpu/simd/activation.hpp>
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/cpu/simd/strips.hpp>
#include <gantry/cpu/simd/sum.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Forward or transposed depthwise convolution, vectorised over channels. A block of pixels with the same
/// taps shares the loads of the weights. Rows of the target are distributed over the threads.
template <class T>
class DepthwiseConvolution {
public:
    explicit DepthwiseConvolution(const ConvolutionSum<T>& sum)
        : sum_(sum), channels_(sum.target_channels), columns_(list_columns(sum.horizontal)), w_(weights()) {}

    void run(int threads) const {
        const std::size_t rows = sum_.vertical.targets();
        parallel_ranges(threads, sum_.batch * rows, 1, 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t r = begin; r < end; ++r) compute_row(r / rows, r % rows);
        });
    }

private:
    /// The weights in the order in which AxisTaps numbers the taps.
    const T* weights() const {
        if (!sum_.transposed) return sum_.w;
        T* const w = scratch<T>(sum_.taps() * channels_);
        T* to = w;
        for (std::size_t v = 0; v < sum_.vertical.size(); ++v)
            for (std::size_t h = 0; h < sum_.horizontal.size(); ++h, to += channels_) {
                const std::size_t tap =
                    sum_.vertical.tap(v) * sum_.horizontal.size() + sum_.horizontal.tap(h);
                std::copy_n(sum_.w + tap * channels_, channels_, to);
            }
        return w;
    }

    void compute_row(std::size_t image, std::size_t row) const {
        const TapRun taps = sum_.vertical.at(row);
        const std::size_t source_row = sum_.horizontal.sources() * channels_;
        const T* const source = sum_.source + (image * sum_.vertical.sources() + taps.pixel) * source_row;
        T* const target = sum_.target + image * sum_.target_image() + row * sum_.target_row();
        for (std::size_t i = 0, end = 0; i < columns_.size(); i = end) {
            end = i + 1;
            while (end < columns_.size() && columns_[end].same) ++end;
            compute_run(taps, columns_.subspan(i, end - i), source, target);
        }
        activate(sum_.activation, sum_.target_row(), target);
    }

    /// Computes columns with the same taps. Where a block of pixels does not divide their number, the last
    /// block overlaps the one before it.
    void compute_run(const TapRun& rows, std::span<const Column> run, const T* source, T* target) const {
        if (run.size() >= 4)
            compute_blocks<4, 2>(rows, run, source, target);
        else
            compute_blocks<1, 4>(rows, run, source, target);
    }
    /// In blocks of `pixels` pixels and `strip` vectors of channels, whose sums hide each other's latency.
    template <std::size_t pixels, std::size_t strip>
    void compute_blocks(const TapRun& rows, std::span<const Column> run, const T* source, T* target) const {
        for (std::size_t i = 0; i < run.size(); i += pixels) {
            const Column* const first = &run[std::min(i, run.size() - pixels)];
            for_overlapping_strips<strip, T>(channels_, [&](std::size_t c, auto vectors, const auto& lane) {
                compute<vectors(), pixels>(rows, first, source + c, c, target + c, lane);
            });
        }
    }

    /// Computes `pixels` pixels with the same taps, in channels from `channel` on.
    template <std::size_t vectors, std::size_t pixels, class Lane>
    void compute(const TapRun& rows, const Column* columns, const T* source, std::size_t channel, T* target,
                 const Lane& lane) const {
        Vector<T> sums[pixels * vectors];
        static_for<pixels * vectors>([&](auto q) GANTRY_ALWAYS_INLINE {
            sums[q] = sum_.bias ? lane.get(sum_.bias + channel + q % vectors * lanes<T>) : Vector<T>{};
        });
        const TapRun& taps = columns->taps;
        const std::size_t distance =
            (columns[pixels - 1].taps.pixel - taps.pixel) / std::max<std::size_t>(1, pixels - 1) * channels_;
        const std::size_t source_row = sum_.horizontal.sources() * channels_ * sum_.vertical.step();
        const std::size_t step = sum_.horizontal.step() * channels_;
        for (std::size_t v = 0; v < rows.count; ++v) {
            const T* from = source + v * source_row + taps.pixel * channels_;
            const T* w = w_ + ((rows.tap + v) * sum_.horizontal.size() + taps.tap) * channels_ + channel;
            for (std::size_t h = 0; h < taps.count; ++h, from += step, w += channels_) {
                Vector<T> factor[vectors];
                static_for<vectors>([&](auto j)
                                        GANTRY_ALWAYS_INLINE { factor[j] = lane.get(w + j * lanes<T>); });
                static_for<pixels * vectors>([&](auto q) GANTRY_ALWAYS_INLINE {
                    sums[q] = multiply_add(lane.get(from + q / vectors * distance + q % vectors * lanes<T>),
                                           factor[q % vectors], sums[q]);
                });
            }
        }
        static_for<pixels * vectors>([&](auto q) GANTRY_ALWAYS_INLINE {
            lane.put(target + columns[q / vectors].x * channels_ + q % vectors * lanes<T>, sums[q]);
        });
    }

    const ConvolutionSum<T>& sum_;
    std::size_t channels_;
    std::span<const Column> columns_;
    const T* w_;
};

/// Gradient of a depthwise convolution with respect to its weights. The rows of y are split into parts, whose
/// number depends on the geometry alone; each has its own sums, which are added up at the end.
template <class T>
class DepthwiseWeightGradient {
public:
    explicit DepthwiseWeightGradient(const contracts::ConvolutionWeightGradientParameters<T>& p)
        : p_(p),
          v_(p.geometry.vertical),
          h_(p.geometry.horizontal),
          channels_(size(p.geometry.in_channels)) {}

    void run(int threads) const {
        const std::size_t rows = size(p_.geometry.batch) * size(v_.out), sums_size = taps() * row_of_sums(),
                          work = p_.geometry.y_size() * taps();
        const std::size_t parts = std::min(rows, std::clamp<std::size_t>(work / part_work, 1, most_parts));
        T* const sums = scratch<T>((parts + 1) * sums_size);
        T* const total = sums + parts * sums_size;
        parallel_ranges(threads, parts, 1, 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t part = begin; part < end; ++part) {
                T* const w = sums + part * sums_size;
                std::fill_n(w, sums_size, T(0));
                const Range mine = share(rows, part, parts);
                for (std::size_t r = mine.begin; r < mine.end; ++r) add_row(r, w);
            }
        });
        add_groups(threads, parts, sums_size, sums, total, false);
        write(total);
    }

private:
    static constexpr std::size_t part_work = 1 << 18, most_parts = 32;

    static std::size_t size(int n) { return static_cast<std::size_t>(n); }

    /// The outputs [begin, end) of an axis that meet a pixel of the input at tap k.
    static Range outputs(const contracts::ConvolutionAxis& a, int k) {
        const int first = k * a.dilation - a.padding;  // the input of output 0
        const auto below = [&](int input) {            // outputs whose input is less
            return std::clamp(input > first ? (input - first + a.stride - 1) / a.stride : 0, 0, a.out);
        };
        return {size(below(0)), size(below(a.in))};
    }

    std::size_t taps() const { return size(v_.size * h_.size); }

    // The sums of a tap are whole vectors, those of for_overlapping_strips: the last vector has the sums of
    // some channels once more.
    std::size_t row_of_sums() const { return whole_vectors<T>(channels_); }
    /// Writes the sums of all taps to w, or adds them.
    void write(const T* sums) const {
        const std::size_t whole = channels_ / lanes<T> * lanes<T>, rest = channels_ - whole;
        // The channels after the whole vectors are the last of the last vector.
        const std::size_t last = channels_ < lanes<T> ? 0 : row_of_sums() - rest;
        T* w = p_.w;
        for (std::size_t tap = 0; tap < taps(); ++tap, w += channels_, sums += row_of_sums()) {
            if (!p_.accumulate) std::fill_n(w, channels_, T(0));
            for (std::size_t c = 0; c < whole; ++c) w[c] += sums[c];
            for (std::size_t c = 0; c < rest; ++c) w[whole + c] += sums[last + c];
        }
    }

    /// Adds the products of row `row` of y, counted over all images, to the sums.
    void add_row(std::size_t row, T* sums) const {
        const int oy = static_cast<int>(row % size(v_.out));
        const std::size_t image = row / size(v_.out);
        const T* const y = p_.y + row * size(h_.out) * channels_;
        for (int ky = 0; ky < v_.size; ++ky) {
            const int iy = oy * v_.stride - v_.padding + ky * v_.dilation;
            if (iy < 0 || iy >= v_.in) continue;
            const T* const x = p_.x + (image * size(v_.in) + size(iy)) * size(h_.in) * channels_;
            for (int kx = 0; kx < h_.size; ++kx) {
                const Range range = outputs(h_, kx);
                if (range.begin >= range.end) continue;
                const std::size_t ix =
                    size(static_cast<int>(range.begin) * h_.stride - h_.padding + kx * h_.dilation);
                add_tap(x + ix * channels_, y + range.begin * channels_, range.size(),
                        sums + size(ky * h_.size + kx) * row_of_sums());
            }
        }
    }
    /// Adds the products of `count` outputs, x[..., c] y[..., c], to the sums of a tap.
    void add_tap(const T* x, const T* y, std::size_t count, T* sums) const {
        const std::size_t x_step = size(h_.stride) * channels_;
        T* to = sums;
        for_overlapping_strips<4, T>(channels_, [&](std::size_t c, auto vectors, const auto& lane) {
            Vector<T> sum[vectors()] = {};  // independent: they hide each other's latency
            const T *from_x = x + c, *from_y = y + c;
            for (std::size_t i = 0; i < count; ++i, from_x += x_step, from_y += channels_)
                static_for<vectors()>([&](auto j) GANTRY_ALWAYS_INLINE {
                    sum[j] = multiply_add(lane.get(from_x + j * lanes<T>), lane.get(from_y + j * lanes<T>),
                                          sum[j]);
                });
            static_for<vectors()>([&](auto j) GANTRY_ALWAYS_INLINE {
                store(to + j * lanes<T>, load(to + j * lanes<T>) + sum[j]);
            });
            to += vectors() * lanes<T>;
        });
    }

    const contracts::ConvolutionWeightGradientParameters<T>& p_;
    const contracts::ConvolutionAxis &v_, &h_;
    std::size_t channels_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
