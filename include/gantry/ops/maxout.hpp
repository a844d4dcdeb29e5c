#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/maxout.hpp>
#include <gantry/ops/concatenate.hpp>

#include <string_view>

namespace gantry {

namespace ops {
struct MaxoutScatterOp;

/// The most elements that one maximum is taken over: kernels count them in float.
inline constexpr std::size_t most_pieces = std::size_t{1} << 24;

/// y (rows, columns) = values (rows, pieces, columns) at the piece with the largest x (rows, pieces,
/// columns), per row and column.
struct MaxoutSelectOp {
    static constexpr std::string_view name = "maxout";
    std::size_t rows, pieces, columns;

    template <class V>
    void forward(const V& y, bool, const V& values, const V& x) const {
        launch(*y.device, contracts::MaxoutSelectParameters<typename V::scalar>{rows, pieces, columns, x.data,
                                                                                values.data, y.data});
    }
    /// Derivative with respect to `values`; that with respect to x is 0 wherever it exists.
    template <class V>
    void vjp(const V& upstream, const V&, const V& values, const V& x) const;
};

/// The adjoint: y (rows, pieces, columns) = values (rows, columns) at that piece, 0 elsewhere.
struct MaxoutScatterOp {
    static constexpr std::string_view name = "maxout_scatter";
    std::size_t rows, pieces, columns;

    template <class V>
    void forward(const V& y, bool, const V& values, const V& x) const {
        launch(*y.device, contracts::MaxoutScatterParameters<typename V::scalar>{
                              rows, pieces, columns, x.data, values.data, y.data});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& values, const V& x) const {
        accumulate_grad(values, [&] {
            return run_op(MaxoutSelectOp{rows, pieces, columns}, values.extents, {}, upstream, x);
        });
    }
};

template <class V>
void MaxoutSelectOp::vjp(const V& upstream, const V&, const V& values, const V& x) const {
    accumulate_grad(values, [&] {
        return run_op(MaxoutScatterOp{rows, pieces, columns}, values.extents, {}, upstream, x);
    });
}
}  // namespace ops

/// Maxout, the elementwise maximum of `pieces` groups of the last extent: y[n] = max over p of x[p N + n];
/// Shape<Batch, ..., pieces * N> -> Shape<Batch, ..., N>. NaN if one is. The gradient flows to the
/// first of equal maxima.
/// Source: Goodfellow et al., "Maxout networks" (2013), section 3.
template <int pieces, AnyTensor X>
auto maxout(const X& x) {
    using LastX = core::Last<typename X::shape>;
    static_assert(pieces > 0 && LastX::value % pieces == 0,
                  "gantry: the last extent of maxout's input must be a multiple of the number of pieces");
    using S = typename LastX::template with<LastX::value / pieces>;
    constexpr std::size_t columns = LastX::value / pieces;
    const core::Extents extents = S::extents(x.value().extents.first());
    return core::typed<S, X>(ops::run_op(ops::MaxoutSelectOp{extents.size() / columns, pieces, columns},
                                         extents, {}, x.value(), detach(x).value()));
}

}  // namespace gantry
