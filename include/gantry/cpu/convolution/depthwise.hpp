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
    static constexpr std::size_t strip = 2, block = 4;  // vectors of channels, pixels

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
        const auto compute_pixels = [&](const Column* first, auto pixels) {
            for_strips<strip, T>(channels_, [&](std::size_t c, auto vectors, const auto& lane) {
                compute<vectors(), pixels()>(taps, first, source + c, c, target + c, lane);
            });
        };
        for (std::size_t i = 0; i < columns_.size();) {
            const Column* const first = &columns_[i];
            std::size_t same = 1;
            while (same < block && i + same < columns_.size() && first[same].same) ++same;
            if (same == block)
                compute_pixels(first, std::integral_constant<std::size_t, block>{});
            else
                compute_pixels(first, std::integral_constant<std::size_t, 1>{});
            i += same == block ? block : 1;
        }
        activate(sum_.activation, sum_.target_row(), target);
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
            pixels > 1 ? (columns[pixels - 1].taps.pixel - taps.pixel) / (pixels - 1) * channels_ : 0;
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
        const std::size_t rows = size(p_.geometry.batch) * size(v_.out), w_size = p_.geometry.w_size(),
                          work = p_.geometry.y_size() * size(v_.size * h_.size);
        const std::size_t parts = std::min(rows, std::clamp<std::size_t>(work / part_work, 1, most_parts));
        T* const sums = parts > 1 ? scratch<T>(parts * w_size) : p_.w;
        parallel_ranges(threads, parts, 1, 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t part = begin; part < end; ++part) {
                T* const w = sums + part * w_size;
                if (parts > 1 || !p_.accumulate) std::fill_n(w, w_size, T(0));
                const Range mine = share(rows, part, parts);
                for (std::size_t r = mine.begin; r < mine.end; ++r) add_row(r, w);
            }
        });
        if (parts > 1) add_groups(threads, parts, w_size, sums, p_.w, p_.accumulate);
    }

private:
    static constexpr std::size_t strip = 4;  // vectors of channels: independent sums that hide the latency
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

    /// Adds the products of row `row` of y, counted over all images, to w.
    void add_row(std::size_t row, T* w) const {
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
                        w + size(ky * h_.size + kx) * channels_);
            }
        }
    }
    /// w[c] += sum over `count` outputs of x[..., c] y[..., c]
    void add_tap(const T* x, const T* y, std::size_t count, T* w) const {
        const std::size_t x_step = size(h_.stride) * channels_;
        for_strips<strip, T>(channels_, [&](std::size_t c, auto vectors, const auto& lane) {
            Vector<T> sums[vectors()] = {};
            const T *from_x = x + c, *from_y = y + c;
            for (std::size_t i = 0; i < count; ++i, from_x += x_step, from_y += channels_)
                static_for<vectors()>([&](auto j) GANTRY_ALWAYS_INLINE {
                    sums[j] = multiply_add(lane.get(from_x + j * lanes<T>), lane.get(from_y + j * lanes<T>),
                                           sums[j]);
                });
            static_for<vectors()>([&](auto j) GANTRY_ALWAYS_INLINE {
                T* const to = w + c + j * lanes<T>;
                lane.put(to, lane.get(to) + sums[j]);
            });
        });
    }

    const contracts::ConvolutionWeightGradientParameters<T>& p_;
    const contracts::ConvolutionAxis &v_, &h_;
    std::size_t channels_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
