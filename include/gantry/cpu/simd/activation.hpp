#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// y[i] = a(y[i]), i < n, in place, on the calling thread.
template <class T>
void activate(Activation a, std::size_t n, T* y) {
    const auto apply = [&](const auto& f) {
        const auto loop = [&](std::size_t, std::size_t vectors, const auto&, const auto& out) {
            for (T* at = out[0]; at != out[0] + vectors * lanes<T>; at += lanes<T>) store(at, f(load(at)));
        };
        detail::vector_range<T, 0, 1>(0, n, {}, {y}, detail::LoopBody<T, 0, 1>::of(loop));
    };
    using V = Vector<T>;
    const V zero = {}, parameter = math::constant<V>(a.parameter);
    switch (a.kind) {
        case ActivationKind::identity:
            return;
        case ActivationKind::leaky_relu:
            return apply([=](V x) { return math::select(x > zero, x, x * parameter); });
        case ActivationKind::elu:
            return apply([=](V x) { return math::select(x > zero, x, parameter * math::expm1(x)); });
        case ActivationKind::softplus:
            return apply([](V x) { return math::softplus(x); });
        case ActivationKind::sigmoid:
            return apply([](V x) { return math::sigmoid(x); });
        case ActivationKind::tanh:
            return apply([](V x) { return math::tanh(x); });
    }
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
