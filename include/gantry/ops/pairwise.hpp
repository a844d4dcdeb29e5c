#pragma once
#include <gantry/ops/matmul.hpp>
#include <gantry/ops/piecewise.hpp>
#include <gantry/ops/reduce.hpp>
#include <gantry/ops/reshape.hpp>

#include <limits>

namespace gantry {

/// Inner products of the rows of each sample, x x^T: Shape<Batch, N, D> -> Shape<Batch, N, N>.
template <AnyTensor X>
auto gram_matrix(const X& x) {
    return batched_matmul<Transpose::right>(x, x);
}

/// Squared distances |a_i - b_j|^2 between the rows of each sample: Shape<Batch, M, D> and Shape<Batch, N, D>
/// -> Shape<Batch, M, N>. Computed as |a_i|^2 + |b_j|^2 - 2 a_i b_j, by one matrix product, so distances much
/// smaller than the norms are inaccurate; rounding does not make them negative. Errors: different batch
/// sizes.
template <AnyTensor A, AnyTensor B>
auto squared_distances(const A& a, const B& b) {
    const auto products = batched_matmul<Transpose::right>(a, b);
    if constexpr (ops::is_unknown<typename decltype(products)::shape>) {
        return products;
    } else {
        using S = typename decltype(products)::shape;
        const auto of_a =
            reshape<typename ops::ShapeOf<ops::with_extent<S>(-1, 1)>::type>(sum_over<-1>(square(a)));
        const auto of_b =
            reshape<typename ops::ShapeOf<ops::with_extent<S>(-2, 1)>::type>(sum_over<-1>(square(b)));
        return clamp(of_a + of_b - 2.0 * products, 0, std::numeric_limits<double>::infinity());
    }
}

}  // namespace gantry
