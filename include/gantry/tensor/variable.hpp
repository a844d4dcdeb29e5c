#pragma once
#include <gantry/core/tape.hpp>
#include <gantry/tensor/tensor.hpp>

#include <type_traits>

namespace gantry {

/// A tensor on the tape: gradients can be asked for. What is computed from it is a Variable too; `detach`
/// ends that.
template <class S, class T, class D>
class Variable {
public:
    using shape = S;
    using scalar = T;
    using device_type = D;
    static constexpr bool recorded = true;

    explicit Variable(const TensorRef<T, D>& value) : value_(value) {}

    const TensorRef<T, D>& value() const { return value_; }
    D& device() const { return value_.live_device(); }
    int batch() const requires S::batched { return value_.extents.first(); }
    std::size_t size() const { return value_.size(); }
    T* data() const { return Tensor<S, T, D>{value_}.data(); }
    std::vector<T> to_host() const { return Tensor<S, T, D>{value_}.to_host(); }
    T item() const requires(S::rank == 0) { return Tensor<S, T, D>{value_}.item(); }

private:
    TensorRef<T, D> value_;
};

/// A Tensor, a Variable, or (inside of gantry) a TensorRef.
template <class X>
concept AnyTensor = requires(const X& x) {
    typename X::shape;
    typename X::scalar;
    typename X::device_type;
    { X::recorded } -> std::convertible_to<bool>;
    x.value();
};

/// Whether tensors have one scalar and are on devices of one type.
template <AnyTensor X, AnyTensor... More>
inline constexpr bool same_numbers =
    ((std::is_same_v<typename X::scalar, typename More::scalar> &&
      std::is_same_v<typename X::device_type, typename More::device_type>)&&...);

/// The same numbers, off the tape: no gradient passes through.
template <AnyTensor X>
auto detach(const X& x) {
    return Tensor<typename X::shape, typename X::scalar, typename X::device_type>{x.value()};
}

/// The same numbers as a new leaf of the tape: `grad` can be asked for it. Errors: no Step is open.
template <class S, class T, class D>
Variable<S, T, D> variable(const Tensor<S, T, D>& x) {
    TensorRef<T, D> value = x.value();
    D& device = value.live_device();
    const auto turn = device.turn();
    value.step = device.step();  // the leaf's, whatever the numbers' is
    value.node = device.tape().template push<Node>();
    return Variable<S, T, D>{value};
}

/// The typed result of an op on In...: a Variable exactly if one of its inputs is one.
template <class S, AnyTensor... In, class T, class D>
auto typed(const TensorRef<T, D>& value) {
    if constexpr (std::is_same_v<S, DynamicShape>)
        return value;
    else if constexpr ((In::recorded || ...))
        return Variable<S, T, D>{value};
    else
        return Tensor<S, T, D>{value};
}

}  // namespace gantry
