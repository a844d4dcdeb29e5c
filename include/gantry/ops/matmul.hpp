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

/// True if the left operand is transposed.
constexpr bool transposes_left(Transpose transposed) {
    return transposed == Transpose::left || transposed == Transpose::both;
}
/// True if the right operand is transposed.
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
};
}  // namespace diagnosis

namespace ops {
/// Result shape of op(a) op(b) for matrices or batches of them; unknown if Batch would be its last extent.
template <class A, class B, Transpose transposed>
struct MatrixProduct {
    static constexpr core::Extents a = A::extents(Batch);  ///< of the left operand
    static constexpr core::Extents b = B::extents(Batch);  ///< of the right operand
    /// The last extent of the result.
    static constexpr int columns = matrix_extent(b, 1, transposes_right(transposed));
    /// All extents of the result.
    static constexpr core::Extents extents =
        matmul_extents(a, transposes_left(transposed), b, transposes_right(transposed));
    /// The shape.
    using type = typename std::conditional_t<columns == Batch, std::type_identity<core::AnyShape>,
                                             ShapeOf<columns == Batch ? core::Extents{} : extents>>::type;
    using inner = diagnosis::MatmulFits<matrix_extent(a, 1, transposes_left(transposed)),
                                        matrix_extent(b, 0, transposes_right(transposed))>;  ///< the check
};
/// Result shape of a product of two matrices.
template <class A, class B>
struct MatmulShape {
    static_assert(A::rank == 2 && B::rank == 2, "gantry: matmul takes two matrices: shapes with two extents");
};
template <int M, int K, int L, int N>
struct MatmulShape<Shape<M, K>, Shape<L, N>> {
    static_assert(diagnosis::MatmulFits<K, L>::value);
    using type = Shape<M, N>;
};

/// op(a) op(b). Unless `fit`, the operands were diagnosed, and the result has an unknown shape.
template <Transpose transposed, bool fit, AnyTensor A, AnyTensor B>
auto checked_matmul(const A& a, const B& b) {
    if constexpr (!fit) {
        return core::typed<core::AnyShape, A, B>(a.value());
    } else {
        using Product = MatrixProduct<typename A::shape, typename B::shape, transposed>;
        using S = typename Product::type;
        static_cast<void>(sizeof(typename Product::inner));
        static_assert(
            !is_unknown<S>,
            "gantry: Batch cannot be the last extent of a matrix product, since it is the first of a shape");
        return core::typed<S, A, B>(matmul<typename A::scalar>(a.value(), transposes_left(transposed),
                                                               b.value(), transposes_right(transposed)));
    }
}
}  // namespace ops

/// Matrix product a b: Shape<M, K> and Shape<K, N> -> Shape<M, N>. M may be Batch. Operands are transposed
/// without a copy: matmul<Transpose::left>(a, b) is a^T b, for Shape<K, M> and Shape<K, N>, where K may be
/// Batch; matmul<Transpose::right>(a, b) is a b^T, for Shape<M, K> and Shape<N, K>. See also batched_matmul.
template <Transpose transposed = Transpose::none, AnyTensor A, AnyTensor B>
auto matmul(const A& a, const B& b) {
    using L = typename A::shape;
    using R = typename B::shape;
    constexpr bool unknown = ops::is_unknown<L> || ops::is_unknown<R>,
                   matrices = L::rank == 2 && R::rank == 2;
    static_assert(unknown || matrices, "gantry: matmul takes two matrices: shapes with two extents");
    return ops::checked_matmul < transposed, !unknown && matrices > (a, b);
}

/// A matrix product for each index of the extents before the last two: Shape<Batch, M, K> and
/// Shape<Batch, K, N> -> Shape<Batch, M, N>, or Shape<Batch, H, M, K> and Shape<Batch, H, K, N> ->
/// Shape<Batch, H, M, N>. Operands can be transposed as those of `matmul`. Errors: different batch sizes.
template <Transpose transposed = Transpose::none, AnyTensor A, AnyTensor B>
auto batched_matmul(const A& a, const B& b) {
    using L = typename A::shape;
    using R = typename B::shape;
    using Check = ops::ShapeCheck<ops::same_leading(L::extents(Batch), R::extents(Batch)),
                                  diagnosis::BatchedMatmulOperands<L, R>, L, R>;
    [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
    return ops::checked_matmul<transposed, Check::fits>(a, b);
}

}  // namespace gantry
