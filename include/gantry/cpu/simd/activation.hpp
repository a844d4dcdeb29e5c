#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>
#include <gantry/ops/activation.hpp>

#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// y[i] = a(y[i]), i < n, in place, on the calling thread.
template <class T>
void activate(contracts::Activation a, std::size_t n, T* y) {
    const auto apply = [&](const auto& f) {
        const auto loop = [&](std::size_t, std::size_t vectors, const auto&, const auto& out) {
            for (T* at = out[0]; at != out[0] + vectors * lanes<T>; at += lanes<T>) store(at, f(load(at)));
        };
        detail::vector_range<T, 0, 1>(0, n, {}, {y}, detail::LoopBody<T, 0, 1>::of(loop));
    };
    ops::visit_activation(a.kind, [&](auto kind) {
        const ops::ActivationFunction<kind.value> f{a.parameter};
        if constexpr (kind.value != contracts::ActivationKind::identity)
            apply([f](Vector<T> x) { return f(x); });
    });
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
