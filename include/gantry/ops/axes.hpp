#pragma once
#include <gantry/core/shape.hpp>
#include <gantry/core/static_check.hpp>

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

// Compile-time shapes of ops that name axes. Negative axes count from the last one, which is -1.

namespace gantry {

namespace ops {
/// The Shape with these extents, as the result's type. Not defined.
template <core::Extents extents, std::size_t... i>
Shape<extents.of[i]...> shape_with(std::index_sequence<i...>);

/// The Shape with these extents.
template <core::Extents extents>
struct ShapeOf {
    /// The shape.
    using type =
        decltype(shape_with<extents>(std::make_index_sequence<static_cast<std::size_t>(extents.rank)>{}));
};

/// The axis of a shape, counted from the first.
template <class S>
constexpr int axis_of(int axis) {
    return axis < 0 ? axis + S::rank : axis;
}
/// True if S has the axis, and it is not Batch.
template <class S>
constexpr bool has_sample_axis(int axis) {
    return axis_of<S>(axis) >= (S::batched ? 1 : 0) && axis_of<S>(axis) < S::rank;
}
/// The extent of S along an axis; Batch for the batch.
template <class S>
constexpr int extent_of(int axis) {
    return S::extents(Batch).of[static_cast<std::size_t>(axis_of<S>(axis))];
}
/// S with another extent along an axis.
template <class S>
constexpr core::Extents with_extent(int axis, int extent) {
    core::Extents extents = S::extents(Batch);
    extents.of[static_cast<std::size_t>(axis_of<S>(axis))] = extent;
    return extents;
}
/// The product of the extents of axes [begin, end).
constexpr std::size_t product(const core::Extents& extents, int begin, int end) {
    std::size_t size = 1;
    for (int a = begin; a < end; ++a)
        size *= static_cast<std::size_t>(extents.of[static_cast<std::size_t>(a)]);
    return size;
}
/// True for the shape of a tensor after a compile-time error.
template <class S>
inline constexpr bool is_unknown = std::is_same_v<S, core::AnyShape>;

/// The check that an op can take inputs of shapes S. If it cannot, Diagnosis reports it (see StaticCheck),
/// unless a shape is unknown: that is the result of an earlier error.
template <bool fit, class Diagnosis, class... S>
struct ShapeCheck : core::StaticCheck<fit || (is_unknown<S> || ...), Diagnosis> {
    static constexpr bool fits = fit && !(is_unknown<S> || ...);  ///< the op can run
};
}  // namespace ops

namespace diagnosis {
/// Fails to compile with the shape (-1 is Batch) and the axes in the message.
template <class S, int... axes>
struct SampleAxis {
    static_assert((ops::has_sample_axis<S>(axes) && ...),
                  "gantry: an axis must be one of the shape's, and not Batch; the last one is -1");
};
}  // namespace diagnosis

namespace ops {
/// The check that S has the axes, and none is Batch.
template <class S, int... axes>
using AxisCheck = ShapeCheck<(has_sample_axis<S>(axes) && ...), diagnosis::SampleAxis<S, axes...>, S>;
}  // namespace ops

}  // namespace gantry
