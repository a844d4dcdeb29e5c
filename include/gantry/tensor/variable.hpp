#pragma once
#include <gantry/core/tape.hpp>
#include <gantry/tensor/tensor.hpp>

#include <type_traits>

namespace gantry {

/// A tensor on the tape, which requires a gradient. Results computed from a Variable are Variables too, until
/// `detach`.
template <class S, class T, class D>
class [[nodiscard]] Variable {
public:
    using shape = S;                        ///< compile-time shape
    using scalar = T;                       ///< type of the elements
    using device_type = D;                  ///< type of the device
    static constexpr bool recorded = true;  ///< on the tape

    /// Wraps a TensorRef with its node on the tape.
    explicit Variable(const TensorRef<T, D>& value) : value_(value) {}

    /// The untyped handle that ops compute with.
    const TensorRef<T, D>& value() const { return value_; }
    /// The device. Errors: the tensor is no longer valid.
    D& device() const { return value_.live_device(); }
    /// Batch size; only for shapes with a Batch.
    int batch() const
        requires S::batched
    {
        return value_.extents.first();
    }
    /// Number of elements.
    std::size_t size() const { return value_.size(); }
    /// Device pointer to the elements: row-major, images channels-last (NHWC).
    T* data() const { return Tensor<S, T, D>{value_}.data(); }
    /// Copies the elements to the host. Waits for the device.
    std::vector<T> to_host() const { return Tensor<S, T, D>{value_}.to_host(); }
    /// The value of a scalar. Waits for the device.
    T item() const
        requires(S::rank == 0)
    {
        return Tensor<S, T, D>{value_}.item();
    }

private:
    TensorRef<T, D> value_;
};

/// A Tensor, a Variable or, inside gantry, a TensorRef.
template <class X>
concept AnyTensor = requires(const X& x) {
    typename X::shape;
    typename X::scalar;
    typename X::device_type;
    { X::recorded } -> std::convertible_to<bool>;
    x.value();
};

namespace core {
/// True for a Variable.
template <class X>
inline constexpr bool is_recorded = false;
template <AnyTensor X>
inline constexpr bool is_recorded<X> = X::recorded;
/// True if the tensors have the same scalar type and device type.
template <AnyTensor X, AnyTensor... More>
inline constexpr bool same_scalars = ((std::is_same_v<typename X::scalar, typename More::scalar> &&
                                       std::is_same_v<typename X::device_type, typename More::device_type>) &&
                                      ...);
}  // namespace core

/// Returns x as a Tensor off the tape, sharing its data. No gradient flows through it.
template <AnyTensor X>
auto detach(const X& x) {
    return Tensor<typename X::shape, typename X::scalar, typename X::device_type>{x.value()};
}

/// Returns x as a new leaf of the tape, sharing its data, so that `grad` can differentiate with respect to
/// it. Errors: no Step is open.
template <class S, class T, class D>
Variable<S, T, D> variable(const Tensor<S, T, D>& x) {
    TensorRef<T, D> value = x.value();
    D& device = value.live_device();
    const auto turn = device.turn();
    value.step = device.step();  // the leaf belongs to this step even if the data outlives it
    value.node = device.tape().template push<core::Node>();
    return Variable<S, T, D>{value};
}

namespace core {
/// Wraps the result of an op on In... : a Variable if any input is one, otherwise a Tensor; a TensorRef is
/// returned unchanged.
template <class S, AnyTensor... In, class T, class D>
auto typed(const TensorRef<T, D>& value) {
    if constexpr (std::is_same_v<S, DynamicShape>)
        return value;
    else if constexpr ((In::recorded || ...))
        return Variable<S, T, D>{value};
    else
        return Tensor<S, T, D>{value};
}
}  // namespace core

}  // namespace gantry
