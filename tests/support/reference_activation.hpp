#pragma once
#include <gantry/ops/activation.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace gantry::reference {

/// The activations in double, written independently of ops/activation.hpp.
inline double activate(contracts::Activation a, double x) {
    switch (a.kind) {
        case contracts::ActivationKind::identity:
            return x;
        case contracts::ActivationKind::leaky_relu:
            return x > 0 ? x : a.parameter * x;
        case contracts::ActivationKind::elu:
            return x > 0 ? x : a.parameter * std::expm1(x);
        case contracts::ActivationKind::softplus:
            return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
        case contracts::ActivationKind::sigmoid:
            return 1 / (1 + std::exp(-x));
        case contracts::ActivationKind::tanh:
            return std::tanh(x);
        case contracts::ActivationKind::gelu:
            return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
        case contracts::ActivationKind::silu:
            return x / (1 + std::exp(-x));
    }
    return x;
}

/// Each activation once, leaky_relu with a slope and as a ReLU.
inline std::vector<contracts::Activation> all_activations() {
    std::vector<contracts::Activation> all{{contracts::ActivationKind::leaky_relu, 0}};
    for (int kind = 0; kind < ops::activation_count; ++kind)
        all.push_back({contracts::ActivationKind{kind}, 0.7});
    return all;
}

}  // namespace gantry::reference
