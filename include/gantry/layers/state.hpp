#pragma once
#include <gantry/contracts/copy.hpp>
#include <gantry/core/shape.hpp>
#include <gantry/tensor/variable.hpp>

#include <type_traits>

namespace gantry::layers {

/// Writes to a state of a layer, such as a running statistic or a vector of a power iteration, in the layer's
/// forward pass. Write only in training, if constexpr (P::training): evaluation may run on a const network.
/// Passes of this step that have read the old value can no longer be differentiated; compute with `value`
/// instead. Errors: another shape (compile time), a tensor of an earlier step.
///     template <class P, AnyTensor X, class U>
///     static auto forward(const P&, const X& x, const auto& weight, const U& u) { ...; write_state(u, next);
///     }
template <class S, class T, class D, AnyTensor Value>
void write_state(const Tensor<S, T, D>& state, const Value& value) {
    static_assert(core::same_shape<S, typename Value::shape>,
                  "gantry: write_state takes a tensor of the state's shape");
    D& device = state.device();
    value.value().check_alive();
    const auto turn = device.turn();
    launch(device, contracts::CopyBlockParameters<T>{1, state.size(), value.value().data, state.size(),
                                                     state.data(), state.size()});
    device.tape().statistics_overwritten(state.data(), state.data() + state.size(), "the state of a layer");
}

}  // namespace gantry::layers
