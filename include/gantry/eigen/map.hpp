#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/host_memory.hpp>
#include <gantry/eigen/device.hpp>
#include <gantry/network/network.hpp>
#include <gantry/tensor/variable.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

/// @addtogroup eigen
/// Tensors, gradients and parameters as Eigen matrices, without a copy. A map is row-major: the last extent
/// is its columns, all others together its rows. So a row is a sample of a Shape<Batch, features>, or a pixel
/// of a batch of images; a weight (in, out) is itself, a weight (height, width, in, out) of a convolution the
/// matrix that it multiplies patches by; and a vector is one row. A map is valid as long as what it shows.

namespace gantry {

namespace eigen {
/// A device whose memory the host can read and write: Cpu and EigenCpu.
template <class D>
concept HostDevice = std::is_same_v<typename D::Memory, core::HostMemory>;

/// A map of elements of type T, which is const if they must not be changed.
template <class T>
using MatrixMap =
    Eigen::Map<std::conditional_t<std::is_const_v<T>, const Matrix<std::remove_const_t<T>>, Matrix<T>>>;
}  // namespace eigen

namespace eigen::detail {

template <class D>
constexpr bool check_host() {
    static_assert(
        HostDevice<D>,
        "gantry: only tensors and networks on Cpu and EigenCpu can be mapped; copy those of another "
        "device with to_host(), or copy_parameters to a network on EigenCpu");
    return true;
}

/// Views `data`, with these extents, as a matrix.
template <class T>
MatrixMap<T> map(T* data, const core::Extents& extents) {
    const auto columns = static_cast<std::size_t>(extents.last());
    return matrix(data, extents.size() / columns, columns);
}

}  // namespace eigen::detail

/// The elements of a tensor, to read. Errors: the tensor is no longer valid.
template <AnyTensor X>
eigen::MatrixMap<const typename X::scalar> map(const X& x) {
    static_assert(eigen::detail::check_host<typename X::device_type>());
    return eigen::detail::map<const typename X::scalar>(x.data(), x.value().extents);
}

/// One parameter or running statistic of a network, by its name in PyTorch: "3.weight". Call
/// network.parameter(name).overwritten() after writing to it. Errors: there is none of that name.
///     map(network, "0.weight") *= 0.5f;
template <class Architecture, class D, class T>
eigen::MatrixMap<typename Network<Architecture, D, T>::scalar> map(Network<Architecture, D, T>& network,
                                                                   std::string_view name) {
    static_assert(eigen::detail::check_host<D>());
    const auto parameter = network.parameter(name);
    return eigen::detail::map(parameter.data(), parameter.extents());
}
/// The same for a const network, to read.
template <class Architecture, class D, class T>
eigen::MatrixMap<const typename Network<Architecture, D, T>::scalar> map(
    const Network<Architecture, D, T>& network, std::string_view name) {
    static_assert(eigen::detail::check_host<D>());
    const auto parameter = network.parameter(name);
    return eigen::detail::map(parameter.data(), parameter.extents());
}

/// All gradients that `backward` returned, as one row in the order of the parameters, to read. Errors: they
/// are no longer valid.
template <class Net>
eigen::MatrixMap<const typename Net::scalar> map(const Gradients<Net>& gradients) {
    static_assert(eigen::detail::check_host<typename Net::device_type>());
    return eigen::matrix(gradients.data(), 1, Net::parameter_count);
}
/// The gradient of one parameter, by the parameter's name. Errors: they are no longer valid; the network has
/// no parameter of that name.
template <class Net>
eigen::MatrixMap<const typename Net::scalar> map(const Gradients<Net>& gradients, std::string_view name) {
    static_assert(eigen::detail::check_host<typename Net::device_type>());
    const typename Net::scalar* const all = gradients.data();
    for (const core::ParameterInfo& info : Net::Architecture::parameters())
        if (info.name == name) return eigen::detail::map(all + info.offset, info.extents);
    fail("map", "the network has no parameter \"" + std::string(name) + '"');
}

/// Evaluates an Eigen expression into a new tensor of shape S. The expression must have the rows and columns
/// that the tensor's map has; they give the batch size. Errors: other rows or columns.
///     const auto centred = from_eigen<Shape<Batch, 784>>(device, map(x).rowwise() - mean);
template <class S, class D, class Expression>
Tensor<S, typename Expression::Scalar, D> from_eigen(D& device,
                                                     const Eigen::DenseBase<Expression>& expression) {
    static_assert(eigen::detail::check_host<D>());
    using T = typename Expression::Scalar;
    const auto elements = static_cast<std::size_t>(expression.size());
    const core::Extents extents = S::extents(static_cast<int>(elements / S::sample_size));
    if (elements == 0 || extents.size() != elements || extents.last() != expression.cols())
        fail("from_eigen", "the rows and columns must be those of the tensor's map", expression.rows(), " x ",
             expression.cols(), " for ", S::extents(Batch));
    const TensorRef<T, D> result = core::allocate<T>(device, extents);
    eigen::detail::map(result.data, extents) = expression.derived().matrix();
    return Tensor<S, T, D>{result};
}

}  // namespace gantry
