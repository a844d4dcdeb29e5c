#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/target.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace gantry::cpu::inline GANTRY_TARGET {

/// The taps of a target pixel on one axis: taps `tap`, `tap + 1`, ... meet source pixels `pixel`, `pixel +
/// step`, ... (for `step` see AxisTaps). Taps that fall outside the source are left out.
struct TapRun {
    std::size_t tap = 0, pixel = 0, count = 0;
};

/// One axis of a forward or transposed convolution, as a sum over source pixels for each target pixel. The
/// two directions differ only here.
///
/// Forward, the source is x and taps keep their numbers. Transposed, the source is y, and a pixel of x meets
/// only every (stride / gcd(stride, dilation))-th tap, its phase. Taps are then numbered phase by phase, in
/// descending order within a phase, so that here, too, the taps of a pixel are consecutive and meet ascending
/// source pixels.
class AxisTaps {
public:
    AxisTaps(const contracts::ConvolutionAxis& axis, bool transposed)
        : axis_(axis), transposed_(transposed), common_(std::gcd(axis.stride, axis.dilation)) {}

    std::size_t sources() const { return as_size(transposed_ ? axis_.out : axis_.in); }
    std::size_t targets() const { return as_size(transposed_ ? axis_.in : axis_.out); }
    std::size_t size() const { return as_size(axis_.size); }
    std::size_t step() const { return as_size(transposed_ ? axis_.dilation / common_ : axis_.dilation); }

    /// Period of the taps: target pixels this far apart have the same taps, except at the border.
    std::size_t phases() const { return transposed_ ? as_size(axis_.stride) : 1; }

    /// The position in the window of the tap with this number.
    std::size_t tap(std::size_t number) const {
        if (!transposed_) return number;
        int phase = 0, place = static_cast<int>(number);
        while (place >= taps_in(phase)) place -= taps_in(phase++);
        return as_size(phase + (taps_in(phase) - 1 - place) * tap_phases());
    }

    TapRun at(std::size_t target) const { return transposed_ ? from_y(target) : from_x(target); }

private:
    static std::size_t as_size(int n) { return static_cast<std::size_t>(n); }
    static int round_up(int a, int b) { return a > 0 ? (a + b - 1) / b : 0; }  // a / b rounded up, at least 0

    int tap_phases() const { return axis_.stride / common_; }
    int taps_in(int phase) const { return round_up(axis_.size - phase, tap_phases()); }
    int first_of(int phase) const {
        return phase * (axis_.size / tap_phases()) + std::min(phase, axis_.size % tap_phases());
    }

    TapRun from_x(std::size_t target) const {
        const int pixel = static_cast<int>(target) * axis_.stride - axis_.padding;  // source pixel of tap 0
        const int first = round_up(-pixel, axis_.dilation);
        const int end = std::min(axis_.size, round_up(axis_.in - pixel, axis_.dilation));
        if (first >= end) return {};
        return {as_size(first), as_size(pixel + first * axis_.dilation), as_size(end - first)};
    }

    TapRun from_y(std::size_t target) const {
        // o stride + k dilation = at has the solutions k = phase, phase + tap_phases(), ..., if any, with
        // descending o.
        const int at = static_cast<int>(target) + axis_.padding;
        int phase = 0;
        while (phase < tap_phases() && (at - phase * axis_.dilation) % axis_.stride != 0) ++phase;
        if (phase >= std::min(tap_phases(), axis_.size)) return {};
        const int pixel = (at - phase * axis_.dilation) / axis_.stride, fall = axis_.dilation / common_;
        const int first = round_up(pixel - axis_.out + 1, fall);
        const int end = std::min(taps_in(phase), round_up(pixel + 1, fall));
        if (first >= end) return {};
        return {as_size(first_of(phase) + taps_in(phase) - end), as_size(pixel - (end - 1) * fall),
                as_size(end - first)};
    }

    contracts::ConvolutionAxis axis_;
    bool transposed_;
    int common_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
