#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>

namespace gantry::contracts {

/// One optimizer step over the flat buffers of a network, element by element: update(g, w, moments...).
///
/// F is the formula, which all devices share. It is a trivially copyable struct with
// clang-format off
///     using scalar                       float or double
///     static constexpr const char* name  of the kernel, "adam"
///     static constexpr int moments       how many buffers it keeps per parameter, at least 1
///     template <class V>
///     GANTRY_HOST_DEVICE void operator()(V g, V& w, V&... moment) const
// clang-format on
/// where V is the scalar or a vector of scalars. It reads the gradient g and updates w and the moments in
/// place; a gradient of another scalar is converted. Moments that an option switches off are null: F gets 0
/// for them, and what it writes is dropped.
template <class F, class Gradient = typename F::scalar>
struct UpdateParameters {
    using T = typename F::scalar;

    F update;
    std::size_t size = 0;
    T* w = nullptr;
    const Gradient* g = nullptr;
    T* moments[F::moments] = {};
};

}  // namespace gantry::contracts
