#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/avg_pool.hpp>

#include <cstddef>
#include <string>
#include <type_traits>

namespace gantry {

/// Nearest-neighbour upsampling: repeats each pixel. Shape<Batch, height, width, C> -> Shape<Batch, ..., ...,
/// C>. `Upsample<2>`, or `Upsample<PerAxis{1, 2}>` for the width only; see upsample.
template <core::PerAxis factor>
struct Upsample : layers::PlainLayer, layers::Part<Upsample<factor>> {
    static constexpr bool valid = factor.vertical > 0 && factor.horizontal > 0;  ///< the condition of Valid
    using Valid = core::StaticCheck<valid, diagnosis::UpsampleHasFactor<factor>>;
    template <int index, class X>
    using Fit = decltype(detail::image_check<index, Upsample, X, 0>());

    static std::string name() {
        return "Upsample " + std::to_string(factor.vertical) + 'x' + std::to_string(factor.horizontal);
    }

    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return upsample<factor>(x);
    }
};

}  // namespace gantry
