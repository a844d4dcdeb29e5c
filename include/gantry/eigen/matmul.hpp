#pragma once
#include <gantry/contracts/matmul.hpp>
#include <gantry/eigen/activation.hpp>
#include <gantry/eigen/device.hpp>

#include <cstddef>

namespace gantry {
namespace eigen::detail {

/// a b. Operands that are not row-major matrices of S are copied, so that Eigen's product is compiled once
/// per scalar, not once for each type of expression.
template <class S>
Matrix<S> product(const Eigen::Ref<const Matrix<S>>& a, const Eigen::Ref<const Matrix<S>>& b) {
    return a * b;
}

/// op(A), a matrix (rows, columns).
template <class T>
auto operand(const T* data, int rows, int columns, bool transposed) {
    using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    return Eigen::Map<const Matrix<T>, Eigen::Unaligned, Strides>(
        data, rows, columns, transposed ? Strides(1, rows) : Strides(columns, 1));
}

}  // namespace eigen::detail

template <class T, class Sum, class Parameter>
void launch(EigenCpu&, const contracts::MatmulParameters<T, Sum, Parameter>& p) {
    using S = eigen::Compute<T, Sum>;
    auto c = eigen::matrix(p.c, static_cast<std::size_t>(p.rows), static_cast<std::size_t>(p.columns));
    eigen::Matrix<S> product = eigen::detail::product<S>(
        eigen::detail::operand(p.a, p.rows, p.inner, p.transpose_a).template cast<S>(),
        eigen::detail::operand(p.b, p.inner, p.columns, p.transpose_b).template cast<S>());
    if (p.accumulate)
        product += c.template cast<S>();
    else
        eigen::finish(product, p.bias, p.activation);
    c = product.template cast<T>();
}

template <class T, class Sum>
void launch(EigenCpu& device, const contracts::BatchedMatmulParameters<T, Sum>& p) {
    for (std::size_t i = 0; i < p.batches; ++i) launch(device, p.product(i));
}

}  // namespace gantry
