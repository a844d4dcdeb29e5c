#pragma once
#include <gantry/core/compiler.hpp>

#include <type_traits>

namespace gantry {

/// The scalars of a network, as the third template argument of Network. A single type there is Scalars<type>.
///     Network<Critic, Cpu, Scalars<float, double>>    // tensors of float, sums in double
/// Storage: of tensors, which are activations, gradients and the operands of products; T in contracts.
/// Sum: in which products, convolutions and batch norms of the network are summed, forward and backward, with
/// one rounding to Storage at the end. If it is Storage, a device chooses how it sums.
/// Parameter: of what kernels read from a network's buffers without a product: bias, scale, shift and running
/// statistics, and of the weights and moments that an optimizer updates.
template <class StorageType, class SumType = StorageType, class ParameterType = StorageType>
struct Scalars {
    using Storage = StorageType;      ///< of tensors
    using Sum = SumType;              ///< of sums over tensors
    using Parameter = ParameterType;  ///< of a network's buffers
};

namespace core {
/// The scalar of sums over tensors of T: Sum, or T if it is void, the default of public ops.
template <class Sum, class T>
using SumOf = std::conditional_t<std::is_void_v<Sum>, T, Sum>;
}  // namespace core

}  // namespace gantry
