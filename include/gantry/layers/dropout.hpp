#pragma once
#include <gantry/layers/layer.hpp>
#include <gantry/ops/dropout.hpp>

#include <string>

namespace gantry {

/// In training, each element is 0 with this probability, and the others grow by 1 / (1 - probability); in
/// evaluation, nothing. Source: Srivastava et al., "Dropout" (2014).
template <float drop_probability = 0.5f>
struct Dropout : PlainLayer {
    static constexpr bool keeps_shape = true;
    static_assert(drop_probability >= 0 && drop_probability < 1,
                  "gantry: a Dropout drops with a probability in [0, 1)");
    static std::string name() { return "Dropout " + detail::short_number(drop_probability); }

    template <class P, AnyTensor X>
    static auto forward(const P& pass, const X& x) {
        if constexpr (P::training && drop_probability > 0)
            return dropout(x, static_cast<double>(drop_probability), *pass.dropout);
        else
            return x;
    }
};

}  // namespace gantry
