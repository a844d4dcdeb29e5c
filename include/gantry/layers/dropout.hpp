#pragma once
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/ops/dropout.hpp>

#include <string>

namespace gantry {

namespace diagnosis {
/// Compile-time check of Dropout's probability.
template <detail::Real drop_probability>
struct DropoutHasProbability {
    static_assert(drop_probability.value >= 0 && drop_probability.value < 1,
                  "gantry: the drop probability of a Dropout must be in [0, 1)");
};
}  // namespace diagnosis

/// Training mode: zeroes each element with probability p and scales the others by 1 / (1 - p), 0 <= p < 1.
/// Evaluation mode: the identity. Any shape -> the same shape; see dropout. Source: Srivastava et al.,
/// "Dropout" (2014), section 10 (inverted scaling).
template <detail::Real drop_probability = 0.5>
struct Dropout : layers::PlainLayer, layers::Part<Dropout<drop_probability>> {
    using Valid = core::StaticCheck<(drop_probability.value >= 0 && drop_probability.value < 1),
                                    diagnosis::DropoutHasProbability<drop_probability>>;
    static constexpr bool keeps_shape = true;
    static std::string name() { return "Dropout " + detail::short_number(drop_probability.value); }

    template <class P, AnyTensor X>
    static auto forward(const P& pass, const X& x) {
        if constexpr (P::training && drop_probability.value > 0)
            return dropout(x, drop_probability.value, *pass.dropout);
        else
            return x;
    }
};

}  // namespace gantry
