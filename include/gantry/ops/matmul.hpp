#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/matmul.hpp>

#include <string_view>

namespace gantry {

namespace ops {
/// op(a) op(b), where op transposes if the flag is set, summed in Sum. Errors: different inner extents.
template <class Sum, class T, class D>
TensorRef<T, D> matmul(const TensorRef<T, D>& a, bool transpose_a, const TensorRef<T, D>& b, bool transpose_b,
                       std::type_identity_t<Destination<T>> into = {});

/// y = op(a) op(b), where op transposes if the flag is set. The derivatives are matrix products as well.
template <class Sum>
struct MatmulOp {
    static constexpr std::string_view name = "matmul";
    bool transpose_a = false, transpose_b = false;

    template <class V>
    void forward(const V& y, bool accumulate, const V& a, const V& b) const {
        contracts::MatmulParameters<typename V::scalar, Sum> p;
        p.rows = y.extents.of[0];
        p.columns = y.extents.of[1];
        p.inner = a.extents.of[transpose_a ? 0 : 1];
        p.transpose_a = transpose_a;
        p.transpose_b = transpose_b;
        p.a = a.data;
        p.b = b.data;
        p.c = y.data;
        p.accumulate = accumulate;
        launch(*y.device, p);
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
    const int inner = a.extents.of[transpose_a ? 0 : 1], inner_b = b.extents.of[transpose_b ? 1 : 0];
    if (inner != inner_b) fail("matmul", "the inner extents must be equal", a.extents, " and ", b.extents);
    return run_op(MatmulOp<Sum>{transpose_a, transpose_b},
                  core::Extents{2, {a.extents.of[transpose_a ? 1 : 0], b.extents.of[transpose_b ? 0 : 1]}},
                  into, a, b);
}
}  // namespace ops

namespace diagnosis {
/// Fails to compile with both inner extents in the message.
template <int left_inner, int right_inner>
struct MatmulFits {
    static_assert(left_inner == right_inner, "gantry: the inner extents of a matrix product must be equal");
    static constexpr bool value = true;  ///< no follow-up errors after the assertion
};
}  // namespace diagnosis

namespace ops {
/// Result shape of a matrix product.
template <class A, class B>
struct MatmulShape {
    static_assert(A::rank == 2 && B::rank == 2, "gantry: matmul takes two matrices: shapes with two extents");
};
template <int M, int K, int K2, int N>
struct MatmulShape<Shape<M, K>, Shape<K2, N>> {
    static_assert(diagnosis::MatmulFits<K, K2>::value);
    using type = Shape<M, N>;
};
}  // namespace ops

/// Matrix product a b: Shape<M, K> and Shape<K, N> -> Shape<M, N>. M may be Batch.
template <AnyTensor A, AnyTensor B>
auto matmul(const A& a, const B& b) {
    using S = typename ops::MatmulShape<typename A::shape, typename B::shape>::type;
    return core::typed<S, A, B>(ops::matmul<typename A::scalar>(a.value(), false, b.value(), false));
}

}  // namespace gantry
