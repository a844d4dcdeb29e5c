#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry {

// Each optimizer is one pass over the flat buffers of a network. It updates w and the moments in place and
// only reads g. (1 - beta) g^2 is computed as ((1 - beta) g) g, as in PyTorch, so it overflows only if the
// moment itself does.

/// SGD as in PyTorch:
///   g' = g + weight_decay w
///   v  = g' in the first step, then momentum v + (1 - dampening) g'
///   w -= learning_rate (nesterov ? g' + momentum v : v)
/// Without momentum `velocity` is null and v = g'.
template <class T>
struct SgdParameters {
    std::size_t size = 0;
    T* w = nullptr;
    const T* g = nullptr;
    T* velocity = nullptr;
    double learning_rate = 0, momentum = 0, dampening = 0, weight_decay = 0;
    bool nesterov = false, first_step = false;
};

/// Adam (Kingma and Ba 2015, algorithm 1) and AdamW (Loshchilov and Hutter 2019, algorithm 2), as in PyTorch:
///   coupled:   g' = g + weight_decay w
///   decoupled: g' = g, and w -= learning_rate weight_decay w first
///   m  = beta1 m + (1 - beta1) g'
///   v  = beta2 v + (1 - beta2) g'^2
///   u  = learning_rate (m / correction1) / (sqrt(v / correction2) + epsilon),    correction_i = 1 - beta_i^t
///   w -= u
/// Optimistic Adam (Daskalakis et al. 2018, algorithm 1), if `previous_update` is not null, replaces the last
/// line by
///   w -= 2 u - previous_update,    previous_update = u
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

/// RMSProp as in PyTorch:
///   g' = g + weight_decay w
///   s  = alpha s + (1 - alpha) g'^2
///   a  = sqrt(s) + epsilon
///   w -= learning_rate g' / a
/// Centered (`mean` not null):
///   mean = alpha mean + (1 - alpha) g',    a = sqrt(max(s - mean^2, 0)) + epsilon
/// With momentum (`velocity` not null):
///   velocity = momentum velocity + g' / a,    w -= learning_rate velocity
/// PyTorch has no max: for a constant gradient, s - mean^2 is 0 or, by rounding, negative, and PyTorch gives
/// NaN.
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
