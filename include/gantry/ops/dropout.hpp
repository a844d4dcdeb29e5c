#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/random.hpp>
#include <gantry/core/math.hpp>

#include <string_view>

namespace gantry {

namespace ops {
/// y = keep x / keep_probability, where keep is 1 with that probability, else 0. The mask is not stored: the
/// backward pass regenerates it from the same position of the stream.
struct DropoutOp {
    static constexpr std::string_view name = "dropout";
    double keep_probability;
    RandomStream stream;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device, contracts::DropoutParameters<typename V::scalar>{y.size(), x.data, y.data,
                                                                           keep_probability, stream});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return run_op(*this, x.extents, {}, upstream); });
    }
};
}  // namespace ops

/// Inverted dropout: sets each element to 0 with probability `drop_probability` in [0, 1) and scales the
/// others by 1 / (1 - drop_probability), so that evaluation needs no scaling: S -> S. Draws the mask from
/// `stream`. Errors: drop_probability outside of [0, 1).
/// Source: Srivastava et al., "Dropout" (2014), section 10.
template <AnyTensor X>
auto dropout(const X& x, double drop_probability, RandomStream& stream) {
    if (math::is_nan(drop_probability) || drop_probability < 0 || drop_probability >= 1)
        fail("dropout", "the drop probability must be in [0, 1)", drop_probability);
    const auto& value = x.value();
    return core::typed<typename X::shape, X>(ops::run_op(
        ops::DropoutOp{1 - drop_probability, stream.take(value.size())}, value.extents, {}, value));
}

}  // namespace gantry
