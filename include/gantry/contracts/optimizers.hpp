#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry {

// Each is one pass over the flat buffers of a network; w is updated in place, as are the moments; g is only
// read. (1 - beta) g^2 is computed as ((1 - beta) g) g, as PyTorch does: it overflows only where the moment
// itself does.

/// PyTorch's SGD: g' = g + weight_decay w; first step: v = g', later v = momentum v + (1 - dampening) g';
/// w -= learning_rate (nesterov ? g' + momentum v : v). Without momentum `velocity` is null.
template <class T>
struct SgdParameters {
    std::size_t size = 0;
    T* w = nullptr;
    const T* g = nullptr;
    T* velocity = nullptr;
    double learning_rate = 0, momentum = 0, dampening = 0, weight_decay = 0;
    bool nesterov = false, first_step = false;
};

/// Adam, Kingma and Ba (2015), algorithm 1, and AdamW (Loshchilov and Hutter 2019, algorithm 2) as PyTorch
/// computes them: coupled: g' = g + weight_decay w; decoupled: w -= learning_rate weight_decay w first; m =
/// beta1 m + (1 - beta1) g'; v = beta2 v + (1 - beta2) g'^2; update u = learning_rate (m / correction1) /
/// (sqrt(v / correction2) + epsilon), with correction_i = 1 - beta_i^t; w -= u; or, where `previous_update`
/// is not null (optimistic Adam, Daskalakis et al. 2018, algorithm 1): w -= 2 u - previous_update;
/// previous_update = u.
template <class T>
struct AdamParameters {
    std::size_t size = 0;
    T* w = nullptr;
    const T* g = nullptr;
    T *m = nullptr, *v = nullptr;
    T* previous_update = nullptr;
    double learning_rate = 0, beta1 = 0, beta2 = 0, epsilon = 0, weight_decay = 0;
    bool decoupled = false;
    double correction1 = 1, correction2 = 1;
};

/// RMSProp as PyTorch computes it: g' = g + weight_decay w; s = alpha s + (1 - alpha) g'^2;
/// centered (`mean` not null): mean = alpha mean + (1 - alpha) g', a = sqrt(max(s - mean^2, 0)) + epsilon (a
/// gradient that stays the same makes the difference 0, and by rounding less; PyTorch gives NaN then); else a
/// = sqrt(s) + epsilon; with momentum (`velocity` not null): velocity = momentum velocity + g' / a, w -=
/// learning_rate velocity; else w -= learning_rate g' / a.
template <class T>
struct RmsPropParameters {
    std::size_t size = 0;
    T* w = nullptr;
    const T* g = nullptr;
    T* s = nullptr;
    T *mean = nullptr, *velocity = nullptr;
    double learning_rate = 0, alpha = 0, epsilon = 0, momentum = 0, weight_decay = 0;
};

}  // namespace gantry
