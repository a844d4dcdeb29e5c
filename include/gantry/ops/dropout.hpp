#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/random.hpp>
#include <gantry/core/math.hpp>

#include <string_view>

namespace gantry {

/// y = keep x / probability, where keep is 1 with that probability, else 0. The mask is not stored: the
/// derivative draws it again from the same place of the stream.
struct DropoutOp {
    static constexpr std::string_view name = "dropout";
    double keep_probability;
    RandomStream stream;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device,
               DropoutParameters<typename V::scalar>{y.size(), x.data, y.data, keep_probability, stream});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return run_op(*this, x.extents, {}, upstream); });
    }
};

/// Each element is dropped with `drop_probability` in [0, 1), and the others grow by 1 / (1 -
/// drop_probability), so that evaluation needs no dropout at all. The mask comes from the next numbers of the
/// stream. Source: Srivastava et al., "Dropout" (2014), section 10 (inverted scaling).
template <AnyTensor X>
auto dropout(const X& x, double drop_probability, RandomStream& stream) {
    if (math::is_nan(drop_probability) || drop_probability < 0 || drop_probability >= 1)
        fail("dropout", "the probability to drop an element lies in [0, 1)", drop_probability);
    const auto& value = x.value();
    return typed<typename X::shape, X>(
        run_op(DropoutOp{1 - drop_probability, stream.take(value.size())}, value.extents, {}, value));
}

}  // namespace gantry
