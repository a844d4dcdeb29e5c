#pragma once
#include <gantry/core/compiler.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gantry {

// Schedules are functions of the number of updates done and of nothing else, so that a resumed run goes on
// exactly.

/// rate = max(minimum, rate / factor^updates), pylearn2's ExponentialDecay. The defaults are those of
/// Goodfellow et al. (2014), mnist.yaml, where the rate is 0.1.
struct ExponentialDecay {
    double factor = 1.000004, minimum = 1e-6;

    double operator()(double rate, std::uint64_t updates) const {
        return std::max(minimum, rate / std::pow(factor, static_cast<double>(updates)));
    }
};

/// A straight line from `from` at update `begin` to `to` at update `end`, flat before and after: pylearn2's
/// MomentumAdjustor, which counts epochs instead. Goodfellow et al. (2014), mnist.yaml, have 0.5 to 0.7 from
/// epoch 1 to 250 of 500 updates each: begin 500, end 125,000.
struct LinearMomentum {
    double from = 0.5, to = 0.7;
    std::uint64_t begin = 0, end = 1;

    double operator()(std::uint64_t updates) const {
        if (updates <= begin) return from;
        if (updates >= end) return to;
        return from + (to - from) * static_cast<double>(updates - begin) / static_cast<double>(end - begin);
    }
};

}  // namespace gantry
