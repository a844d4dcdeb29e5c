#pragma once
#include <gantry/core/lifetime.hpp>
#include <gantry/tensor/variable.hpp>

#include <cstddef>

namespace gantry::layers {

/// Points to the parameters and states of the next layer, and to their leaf nodes on the tape.
template <class T, class D, bool recorded>
struct ParameterCursor {
    T *parameters, *states;        ///< of the next layer
    D* device;                     ///< that holds them
    core::Node* const* leaves;     ///< on the tape, by parameter; null: the parameters are constants
    core::Lifetime::Watch memory;  ///< watches the network's buffers

    /// Parameter i of a layer with the parameters List.
    template <std::size_t i, class List>
    auto parameter() const {
        using S = typename List::template Shape<i>;
        TensorRef<T, D> value{
            parameters + List::template offset<i>, device, S::extents(0), 0, nullptr, memory};
        if constexpr (recorded) {
            if (leaves) {
                value.step = device->step();
                value.node = leaves[i];
            }
            return Variable<S, T, D>{value};
        } else {
            return Tensor<S, T, D>{value};
        }
    }
    /// State i of a layer with the states List.
    template <std::size_t i, class List>
    auto state() const {
        using S = typename List::template Shape<i>;
        return Tensor<S, T, D>{
            TensorRef<T, D>{states + List::template offset<i>, device, S::extents(0), 0, nullptr, memory}};
    }
    /// The cursor after a layer of that many parameters and states.
    ParameterCursor after(std::size_t tensors, std::size_t numbers, std::size_t state_values) const {
        return {parameters + numbers, states + state_values, device, leaves ? leaves + tensors : nullptr,
                memory};
    }
};

}  // namespace gantry::layers
