#pragma once
#include <gantry/ops/axes.hpp>
#include <gantry/ops/reshape.hpp>
#include <gantry/ops/sum.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <type_traits>

namespace gantry {

namespace ops {
/// How a smaller shape is broadcast to a larger one.
enum class Broadcast { impossible, same, scalar, trailing, each_sample, axes };

/// Number of extents after Batch.
constexpr int sample_rank(const core::Extents& extents) {
    return extents.rank - (extents.first() == Batch ? 1 : 0);
}

/// Classifies how `part` is broadcast to `whole`: equal shapes (same); a scalar; the last extents, such as a
/// bias (trailing); one value per sample (each_sample); others whose extents fit the last ones of `whole`,
/// where an extent of 1 fits any (axes). Batch fits only Batch.
constexpr Broadcast broadcast_kind(const core::Extents& whole, const core::Extents& part) {
    if (part == whole) return Broadcast::same;
    if (part.rank == 0) return Broadcast::scalar;
    const bool batched = part.first() == Batch;
    const int extents = sample_rank(part);
    if ((batched && whole.first() != Batch) || extents > sample_rank(whole)) return Broadcast::impossible;
    bool equal = true, ones = true;
    for (int i = 1; i <= extents; ++i) {
        const int extent = part.of[static_cast<std::size_t>(part.rank - i)],
                  of_whole = whole.of[static_cast<std::size_t>(whole.rank - i)];
        if (extent != of_whole && extent != 1) return Broadcast::impossible;
        equal = equal && extent == of_whole;
        ones = ones && extent == 1;
    }
    return batched && ones     ? Broadcast::each_sample
           : !batched && equal ? Broadcast::trailing
                               : Broadcast::axes;
}

/// The shape to which operands are broadcast: that of the operand with the most extents, where extents of 1
/// become those of the others. If that is impossible, the shape with the most extents.
constexpr core::Extents broadcast_extents(std::initializer_list<core::Extents> shapes) {
    core::Extents largest;
    bool batched = false;
    int extents = 0;  // after Batch
    for (const core::Extents& shape : shapes) {
        batched = batched || shape.first() == Batch;
        extents = std::max(extents, sample_rank(shape));
        if (shape.rank > largest.rank) largest = shape;
    }
    if (largest.rank != extents + (batched ? 1 : 0)) return largest;
    core::Extents whole = largest;
    for (const core::Extents& shape : shapes)
        for (int i = 1; i <= sample_rank(shape); ++i) {
            int& extent = whole.of[static_cast<std::size_t>(whole.rank - i)];
            extent = std::max(extent, shape.of[static_cast<std::size_t>(shape.rank - i)]);
        }
    return whole;
}
/// True if shapes Part... broadcast to Whole, as far as they are known.
template <class Whole, class... Part>
constexpr bool broadcast_to_whole() {
    if constexpr (std::is_same_v<Whole, core::DynamicShape>)
        return true;
    else
        return ((broadcast_kind(Whole::extents(Batch), Part::extents(Batch)) != Broadcast::impossible) &&
                ...);
}
/// x, whose extents are those of `whole` or 1, repeated where they are 1. Adjacent axes are repeated
/// together.
template <class T, class D>
TensorRef<T, D> repeat_axes(TensorRef<T, D> x, core::Extents from, const core::Extents& whole) {
    const auto repeated = [&](int axis) {
        return from.of[static_cast<std::size_t>(axis)] != whole.of[static_cast<std::size_t>(axis)];
    };
    for (int end = whole.rank; end > 0; --end) {
        if (!repeated(end - 1)) continue;
        const int last = end;
        while (end > 1 && repeated(end - 2)) --end;
        const std::size_t batches = product(from, 0, end - 1), rows = product(whole, end - 1, last),
                          columns = product(whole, last, whole.rank);
        std::copy(whole.of.begin() + end - 1, whole.of.begin() + last, from.of.begin() + end - 1);
        x = run_op(columns == 1 ? BroadcastOp<T>{batches, rows, contracts::Axis::columns}
                                : BroadcastOp<T>{rows, columns, contracts::Axis::rows, 1, batches},
                   from, {}, x);
    }
    return x.extents == whole ? x : run_op(ReshapeOp{}, whole, {x.data, false}, x);
}
/// The extents of a shape in the places of those of `whole`; the others are 1.
inline core::Extents aligned_extents(const core::Extents& part, bool batched, const core::Extents& whole) {
    core::Extents extents{whole.rank, {1, 1, 1, 1}};
    const int trailing = part.rank - (batched ? 1 : 0);
    std::copy_n(part.of.begin() + (part.rank - trailing), trailing,
                extents.of.begin() + (whole.rank - trailing));
    if (batched) extents.of[0] = part.of[0];
    return extents;
}

/// The shape of the result of an elementwise op on shapes S. Unknown if one is.
template <class... S>
struct BroadcastShape {
    using type = typename ShapeOf<broadcast_extents({S::extents(Batch)...})>::type;  ///< the shape
};
template <class... S>
    requires(is_unknown<S> || ...)
struct BroadcastShape<S...> {
    using type = core::AnyShape;
};
template <class... S>
    requires(std::is_same_v<S, core::DynamicShape> || ...)
struct BroadcastShape<S...> {
    using type = core::DynamicShape;
};
}  // namespace ops

namespace diagnosis {
/// Fails to compile with both shapes in the message (-1 is Batch).
template <class Whole, class Part>
struct BroadcastFits {
    static_assert(ops::broadcast_kind(Whole::extents(Batch), Part::extents(Batch)) !=
                      ops::Broadcast::impossible,
                  "gantry: a shape broadcasts to another one if it is the same, a scalar, its last extents "
                  "(a bias), or one value per sample; extents of 1 are repeated, and Batch fits only Batch");
};
}  // namespace diagnosis

/// Broadcasts x to shape S; see `elementwise` for the shapes that fit. `batch` is used only if S has a Batch
/// and x has none.
template <class S, AnyTensor X>
auto broadcast_to(const X& x, int batch) {
    static_cast<void>(sizeof(diagnosis::BroadcastFits<S, typename X::shape>));
    constexpr ops::Broadcast kind = ops::broadcast_kind(S::extents(Batch), X::shape::extents(Batch));
    const core::Extents extents = S::extents(X::shape::batched ? x.value().extents.first() : batch);
    if constexpr (kind == ops::Broadcast::same) {
        return x;
    } else if constexpr (kind == ops::Broadcast::scalar) {
        return core::typed<S, X>(
            ops::run_op(ops::BroadcastOp<typename X::scalar>{1, extents.size(), contracts::Axis::columns},
                        extents, {}, x.value()));
    } else {
        return core::typed<S, X>(ops::repeat_axes(
            x.value(), ops::aligned_extents(x.value().extents, X::shape::batched, extents), extents));
    }
}

}  // namespace gantry
