#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/core/error.hpp>
#include <gantry/ops/axes.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gantry {

/// Which operands of a matrix product are transposed.
enum class Transpose { none, left, right, both };

namespace ops {
/// op(a) op(b), where op transposes the last two axes if the flag is set, summed in Sum: one product for each
/// index of the axes before them. Errors: different inner extents or batch sizes.
template <class Sum, class T, class D>
TensorRef<T, D> matmul(const TensorRef<T, D>& a, bool transpose_a, const TensorRef<T, D>& b, bool transpose_b,
                       std::type_identity_t<Destination<T>> into = {});

/// Extent 0 or 1 of matrices: the last but one, or the last one. Exchanged if they are transposed.
constexpr int matrix_extent(const core::Extents& extents, int index, bool transposed = false) {
    return extents.of[static_cast<std::size_t>(extents.rank - 2 + (transposed ? 1 - index : index))];
}
/// The extents of op(a) op(b).
constexpr core::Extents matmul_extents(core::Extents a, bool transpose_a, const core::Extents& b,
                                       bool transpose_b) {
    const int rows = matrix_extent(a, 0, transpose_a);
    a.of[static_cast<std::size_t>(a.rank - 2)] = rows;
    a.of[static_cast<std::size_t>(a.rank - 1)] = matrix_extent(b, 1, transpose_b);
    return a;
}

/// y = op(a) op(b), where op transposes if the flag is set. The derivatives are matrix products as well.
template <class Sum>
struct MatmulOp {
    static constexpr std::string_view name = "matmul";
    bool transpose_a = false, transpose_b = false;

    template <class V>
    void forward(const V& y, bool accumulate, const V& a, const V& b) const {
        contracts::MatmulParameters<typename V::scalar, Sum> p;
        p.rows = matrix_extent(y.extents, 0);
        p.columns = matrix_extent(y.extents, 1);
        p.inner = matrix_extent(a.extents, 1, transpose_a);
        p.transpose_a = transpose_a;
        p.transpose_b = transpose_b;
        p.a = a.data;
        p.b = b.data;
        p.c = y.data;
        p.accumulate = accumulate;
        if (y.extents.rank == 2)
            launch(*y.device, p);
        else
            launch(*y.device, contracts::BatchedMatmulParameters<typename V::scalar, Sum>{
                                  product(y.extents, 0, y.extents.rank - 2), p});
    }
    /// With A = op(a) and B = op(b): dL/dA = upstream B^T and dL/dB = A^T upstream. If a is transposed, its
    /// gradient is the transpose of dL/dA, B upstream^T; similarly for b.
    template <class V>
    void vjp(const V& upstream, const V&, const V& a, const V& b) const {
        using Slot = Destination<typename V::scalar>;
        accumulate_grad(a, [&](Slot into) {
            return transpose_a ? matmul<Sum>(b, transpose_b, upstream, true, into)
                               : matmul<Sum>(upstream, false, b, !transpose_b, into);
        });
        accumulate_grad(b, [&](Slot into) {
            return transpose_b ? matmul<Sum>(upstream, true, a, transpose_a, into)
                               : matmul<Sum>(a, !transpose_a, upstream, false, into);
        });
    }
};

template <class Sum, class T, class D>
TensorRef<T, D> matmul(const TensorRef<T, D>& a, bool transpose_a, const TensorRef<T, D>& b, bool transpose_b,
                       std::type_identity_t<Destination<T>> into) {
    if (matrix_extent(a.extents, 1, transpose_a) != matrix_extent(b.extents, 0, transpose_b))
        fail("matmul", "the inner extents must be equal", a.extents, " and ", b.extents);
    if (a.extents.rank > 2 && a.extents.first() != b.extents.first())
        fail("batched_matmul", "both operands must have the same batch size", a.extents, " and ", b.extents);
    return run_op(MatmulOp<Sum>{transpose_a, transpose_b},
                  matmul_extents(a.extents, transpose_a, b.extents, transpose_b), into, a, b);
}

constexpr bool transposes_left(Transpose transposed) {
    return transposed == Transpose::left || transposed == Transpose::both;
}
constexpr bool transposes_right(Transpose transposed) {
    return transposed == Transpose::right || transposed == Transpose::both;
}
/// True if two shapes have the same extents before the last two, and there is at least one.
constexpr bool same_leading(const core::Extents& a, const core::Extents& b) {
    bool same = a.rank >= 3 && a.rank == b.rank;
    for (int axis = 0; same && axis < a.rank - 2; ++axis)
        same = a.of[static_cast<std::size_t>(axis)] == b.of[static_cast<std::size_t>(axis)];
    return same;
}
}  // namespace ops

namespace diagnosis {
/// Fails to compile with both inner extents in the message.
template <int left_inner, int right_inner>
struct MatmulFits {
    static_assert(left_inner == right_inner, "gantry: the inner extents of a matrix product must be equal");
    static constexpr bool value = true;  ///< no follow-up errors after the assertion
};
/// Fails to compile with both shapes in the message (-1 is Batch).
template <class A, class B>
struct BatchedMatmulOperands {
    static_assert(ops::same_leading(A::extents(Batch), B::extents(Batch)),
                  "gantry: batched_matmul takes matrices with the same extents before the last two, such as "
                  "Shape<Batch, M, K> and Shape<Batch, K, N>");
    static constexpr bool value =
        ops::same_leading(A::extents(Batch), B::extents(Batch));  ///< for `if constexpr`
};
}  // namespace diagnosis

namespace ops {
/// Result shape of a product of matrices, or of batches of them.
template <class A, class B, Transpose transposed = Transpose::none>
struct MatrixProduct {
    static constexpr bool left = transposes_left(transposed), right = transposes_right(transposed);
    static constexpr core::Extents a = A::extents(Batch), b = B::extents(Batch);
    static_assert(diagnosis::MatmulFits<matrix_extent(a, 1, left), matrix_extent(b, 0, right)>::value);
    static_assert(
        a.rank > 2 || matrix_extent(b, 1, right) != Batch,
        "gantry: Batch cannot be the last extent of a matrix product, since it is the first of a shape");
    /// The shape.
    using type = typename ShapeOf<matmul_extents(
        a, left, a.rank > 2 || matrix_extent(b, 1, right) != Batch ? b : core::Extents{2, {1, 1}},
        right)>::type;
};
/// Result shape of a matrix product.
template <class A, class B, Transpose transposed = Transpose::none>
struct MatmulShape {
    static_assert(A::rank == 2 && B::rank == 2, "gantry: matmul takes two matrices: shapes with two extents");
};
template <int M, int K, int L, int N, Transpose transposed>
struct MatmulShape<Shape<M, K>, Shape<L, N>, transposed>
    : MatrixProduct<Shape<M, K>, Shape<L, N>, transposed> {};
template <class A, class B, Transpose transposed>
    requires(is_unknown<A> || is_unknown<B>)
struct MatmulShape<A, B, transposed> {
    using type = core::AnyShape;
};

/// op(a) op(b), a tensor of shape S.
template <class S, Transpose transposed, AnyTensor A, AnyTensor B>
auto run_matmul(const A& a, const B& b) {
    if constexpr (is_unknown<S>)
        return core::typed<S, A, B>(a.value());
    else
        return core::typed<S, A, B>(matmul<typename A::scalar>(a.value(), transposes_left(transposed),
                                                               b.value(), transposes_right(transposed)));
}
}  // namespace ops

/// Matrix product a b: Shape<M, K> and Shape<K, N> -> Shape<M, N>. M may be Batch. Operands are transposed
/// without a copy: matmul<Transpose::left>(a, b) is a^T b, for Shape<K, M> and Shape<K, N>, where K may be
/// Batch; matmul<Transpose::right>(a, b) is a b^T, for Shape<M, K> and Shape<N, K>. See also batched_matmul.
template <Transpose transposed = Transpose::none, AnyTensor A, AnyTensor B>
auto matmul(const A& a, const B& b) {
    using S = typename ops::MatmulShape<typename A::shape, typename B::shape, transposed>::type;
    return ops::run_matmul<S, transposed>(a, b);
}

/// A matrix product for each index of the extents before the last two: Shape<Batch, M, K> and
/// Shape<Batch, K, N> -> Shape<Batch, M, N>, or Shape<Batch, H, M, K> and Shape<Batch, H, K, N> ->
/// Shape<Batch, H, M, N>. Operands can be transposed as those of `matmul`. Errors: different batch sizes.
template <Transpose transposed = Transpose::none, AnyTensor A, AnyTensor B>
auto batched_matmul(const A& a, const B& b) {
    if constexpr (ops::is_unknown<typename A::shape> || ops::is_unknown<typename B::shape>) {
        return core::typed<core::AnyShape, A, B>(a.value());
    } else if constexpr (!diagnosis::BatchedMatmulOperands<typename A::shape, typename B::shape>::value) {
        return core::typed<core::AnyShape, A, B>(a.value());
    } else {
        using S = typename ops::MatrixProduct<typename A::shape, typename B::shape, transposed>::type;
        return ops::run_matmul<S, transposed>(a, b);
    }
}

}  // namespace gantry
