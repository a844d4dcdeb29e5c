#pragma once
#include <gantry/core/compiler.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gantry {

// Schedules depend on the number of updates only, so that a resumed run continues exactly.

/// max(minimum, rate / factor^updates): pylearn2's ExponentialDecay. The defaults are those of Goodfellow et
/// al., "Generative adversarial nets" (2014), mnist.yaml, with rate = 0.1.
struct ExponentialDecay {
    double factor = 1.000004, minimum = 1e-6;  ///< factor >= 1; minimum finite and >= 0

    /// The learning rate after `updates` updates, from the initial `rate`.
    double operator()(double rate, std::uint64_t updates) const {
        return std::max(minimum, rate / std::pow(factor, static_cast<double>(updates)));
    }
};

/// Linear from `from` at update `begin` to `to` at update `end`, constant before and after: pylearn2's
/// MomentumAdjustor, which counts epochs. Goodfellow et al., "Generative adversarial nets" (2014),
/// mnist.yaml, use 0.5 to 0.7 from epoch 1 to epoch 250, with 500 updates per epoch: begin 500, end 125,000.
struct LinearMomentum {
    double from = 0.5, to = 0.7;       ///< momentum, in [0, 1)
    std::uint64_t begin = 0, end = 1;  ///< numbers of updates, begin < end

    /// The momentum after `updates` updates.
    double operator()(std::uint64_t updates) const {
        if (updates <= begin) return from;
        if (updates >= end) return to;
        return from + (to - from) * static_cast<double>(updates - begin) / static_cast<double>(end - begin);
    }
};

}  // namespace gantry
