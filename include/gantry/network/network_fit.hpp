#pragma once
#include <gantry/core/declare_cpu.hpp>
#include <gantry/core/device.hpp>
#include <gantry/core/scalars.hpp>
#include <gantry/core/shape.hpp>
#include <gantry/layers/fit.hpp>
#include <gantry/layers/sequential.hpp>
#include <gantry/tensor/variable.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace gantry {

namespace diagnosis {
// Compile-time errors for invalid template arguments of a Network, and for calls with unsuitable tensors.

/// The device type of a Network. Errors: not a device type.
template <class DeviceType>
struct NetworkDevice {
    /// The device type, or Cpu, to continue with after an error.
    using type = std::conditional_t<core::AnyDevice<DeviceType>, DeviceType, Cpu>;
    static_assert(core::AnyDevice<DeviceType>,
                  "gantry: the second template argument of a Network must be a device type: "
                  "Network<Architecture, Cpu> (see NetworkDevice<given>)");
};
/// The scalar type of a Network. Errors: not a floating-point type.
template <class Scalar>
struct NetworkScalar {
    /// The scalar type, or float after an error.
    using type = std::conditional_t<std::floating_point<Scalar>, Scalar, float>;
    static_assert(std::floating_point<Scalar>,
                  "gantry: the scalar type of a Network must be float or double: Network<Architecture, Cpu, "
                  "float> (see NetworkScalar<given>)");
};
/// The Scalars of a Network on a device. Errors: a single type that NetworkScalar rejects; Scalars for which
/// the device has no kernels.
template <class D, class Given>
struct NetworkScalars {
    using type = Scalars<typename NetworkScalar<Given>::type>;
};
template <class D, class Storage, class Sum, class Parameter>
struct NetworkScalars<D, Scalars<Storage, Sum, Parameter>> {
    static constexpr bool fits = std::floating_point<Storage> && D::template sums_in<Storage, Sum> &&
                                 std::is_same_v<Storage, Parameter>;
    /// The Scalars, or those of float after an error.
    using type = std::conditional_t<fits, Scalars<Storage, Sum, Parameter>, Scalars<float>>;
    static_assert(
        fits,
        "gantry: the device has no kernels for these Scalars of a Network: it takes Scalars<float>, "
        "Scalars<double> and, on Cpu and EigenCpu, Scalars<float, double>, float with sums in double "
        "(see NetworkScalars<device, given>)");
};

/// A Network with a struct in it has sums in another scalar, which the tensors in the call operator of a
/// struct cannot tell its layers.
template <class Architecture, class Given>
struct StructSums {
    static_assert(
        sizeof(Architecture) == 0,
        "gantry: a network struct, or a Sequential with one in it, sums in the scalar that it "
        "stores: Network<Struct, Cpu, float> or double; Scalars with other sums are for Sequentials "
        "of layers (see StructSums<architecture, given>)");
};

/// A network was called with an argument that is not a tensor.
template <class NetworkExpects, class Given>
struct NetworkTakesTensors {
    static_assert(
        sizeof(Given) == 0,
        "gantry: a network takes a tensor; for values on the host, write from_host<Shape<...>>(device, "
        "batch, values) (see NetworkTakesTensors<expects, given>; -1 is Batch)");
};
/// A chain of layers was called with no input, or with several.
template <std::size_t inputs>
struct NetworkTakesOneInput {
    static_assert(inputs == 1,
                  "gantry: a Sequential takes one input; a network with several is a struct with a call "
                  "operator (see NetworkTakesOneInput<inputs>)");
};
/// Network and tensor have different device types.
template <class NetworkDevice, class TensorDevice>
struct NetworkTakesDevice {
    static_assert(std::is_same_v<NetworkDevice, TensorDevice>,
                  "gantry: network and tensor must have the same device type (see "
                  "NetworkTakesDevice<network, tensor>)");
};
/// Network and tensor have different scalar types.
template <class NetworkScalar, class TensorScalar>
struct NetworkTakesScalar {
    static_assert(std::is_same_v<NetworkScalar, TensorScalar>,
                  "gantry: network and tensor must have the same scalar type (see "
                  "NetworkTakesScalar<network, tensor>)");
};
/// The tensor's shape is not the network's input shape.
template <class NetworkExpects, class TensorGiven>
struct NetworkInputFits {
    static_assert(core::same_shape<NetworkExpects, TensorGiven>,
                  "gantry: the tensor does not have the input shape of the network (see "
                  "NetworkInputFits<expects, given>; -1 is Batch)");
};
}  // namespace diagnosis

namespace detail {
/// The Scalars of a Network, checked for structs: those of Storage after an error.
template <class Architecture, class Given>
struct ScalarsOf {
    using Storage = typename Given::Storage;
    static constexpr bool fits =
        !layers::contains_struct<Architecture> || std::is_same_v<typename Given::Sum, Storage>;
    using type = std::conditional_t<fits, Given, Scalars<Storage>>;
    using Check = core::StaticCheck<fits, diagnosis::StructSums<Architecture, Given>>;
};

/// The architecture as a container: a single layer becomes a Sequential of one, a struct a Module.
template <class L>
struct ArchitectureOf {
    using type = Sequential<L>;
};
template <layers::AnyStruct B>
struct ArchitectureOf<B> {
    using type = layers::Module<B>;
};
template <class B>
struct ArchitectureOf<layers::Module<B>> {
    using type = layers::Module<B>;
};
template <class... Layers>
struct ArchitectureOf<Sequential<Layers...>> {
    using type = Sequential<Layers...>;
};

/// StaticCheck that X is a tensor of the network's scalar and input shape on its device type.
template <class Architecture, class T, class D, class X>
constexpr auto input_check() {
    using Expected = typename Architecture::Input;
    using Scalar = std::conditional_t<layers::takes_integers<Architecture>, std::int32_t, T>;
    if constexpr (!AnyTensor<X>) {
        return core::StaticCheck<false, diagnosis::NetworkTakesTensors<Expected, X>>{};
    } else if constexpr (!std::is_same_v<typename X::device_type, D>) {
        return core::StaticCheck<false, diagnosis::NetworkTakesDevice<D, typename X::device_type>>{};
    } else if constexpr (!std::is_same_v<typename X::scalar, Scalar>) {
        return core::StaticCheck<false, diagnosis::NetworkTakesScalar<Scalar, typename X::scalar>>{};
    } else {
        using Given = typename X::shape;
        return core::StaticCheck<core::same_shape<Expected, Given>,
                                 diagnosis::NetworkInputFits<Expected, Given>>{};
    }
}

/// StaticCheck of the arguments of a network's forward pass.
template <class Architecture, class T, class D, class... X>
struct InputCheck {
    using type = core::StaticCheck<false, diagnosis::NetworkTakesOneInput<sizeof...(X)>>;
};
template <class Architecture, class T, class D, class X>
struct InputCheck<Architecture, T, D, X> {
    using type = decltype(input_check<Architecture, T, D, X>());
};
/// A struct may take anything, but no values on the host in place of a tensor.
template <class T, class D, class X>
constexpr auto struct_input_check() {
    if constexpr (IntegerTensor<X>)
        return input_check<layers::PlainLayer, std::int32_t, D, X>();
    else if constexpr (AnyTensor<X>)
        return input_check<layers::PlainLayer, T, D, X>();
    else
        return core::StaticCheck<!requires(const X& x) { x.data(), x.size(); },
                                 diagnosis::NetworkTakesTensors<core::AnyShape, X>>{};
}
template <class B, class T, class D, class... X>
constexpr auto struct_inputs_check() {
    using Inputs = typename FirstMisfit<decltype(struct_input_check<T, D, X>())...>::type;
    if constexpr (Inputs::fits)
        return typename StructCall<B, X...>::Check{};
    else
        return Inputs{};
}
template <class B, class T, class D, class... X>
struct InputCheck<layers::Module<B>, T, D, X...> {
    using type = decltype(struct_inputs_check<B, T, D, X...>());
};
template <class B, class T, class D, class X>
struct InputCheck<layers::Module<B>, T, D, X> {
    using type = decltype(struct_inputs_check<B, T, D, X>());
};

template <class X>
struct ShapeOf {
    using type = core::AnyShape;
};
template <AnyTensor X>
struct ShapeOf<X> {
    using type = typename X::shape;
};
/// The forward pass of an architecture for arguments X...: whether it can be compiled, and the shape of its
/// result. `taken`: its InputCheck holds.
template <class Architecture, bool taken, class... X>
struct NetworkCall {
    static constexpr bool fits = false;
    using Output = core::AnyShape;
};
/// The first input's shape determines the network's shapes, unless the architecture declares its own.
template <class Architecture, bool taken, class X>
struct NetworkCall<Architecture, taken, X> {
    using Given = typename ShapeOf<X>::type;
    using In = std::conditional_t<std::is_same_v<typename Architecture::Input, core::AnyShape>, Given,
                                  core::AnyShape>;
    static constexpr bool fits =
        taken && Architecture::template fits<In> && !std::is_same_v<Given, core::AnyShape>;
    using Output = typename Architecture::template Output<In>;
};
template <class B, class... X>
struct NetworkCall<layers::Module<B>, true, X...> {
    static constexpr bool fits = StructCall<B, X...>::fits;
    using Output = core::AnyShape;
};
template <class B, class X>
struct NetworkCall<layers::Module<B>, true, X> {
    static constexpr bool fits = StructCall<B, X>::fits;
    using Output = core::AnyShape;
};
template <class B, class X>
struct NetworkCall<layers::Module<B>, false, X> {
    static constexpr bool fits = false;
    using Output = core::AnyShape;
};

template <class S, class T, class D, bool recorded, class... X>
using NetworkResult =
    std::conditional_t<recorded || (core::is_recorded<X> || ...), Variable<S, T, D>, Tensor<S, T, D>>;
}  // namespace detail

}  // namespace gantry
