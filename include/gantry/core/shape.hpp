#pragma once
#include <gantry/core/compiler.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <type_traits>

namespace gantry {

/// The batch extent, the only one that is known at run time only. It is the first extent of a shape, or
/// absent.
inline constexpr int Batch = -1;

namespace core {
/// Run-time shape, for code that is compiled once for all shapes.
struct Extents {
    static constexpr int max_rank = 4;  ///< largest number of extents

    int rank = 0;                       ///< number of extents
    std::array<int, max_rank> of = {};  ///< extents; the first `rank` are used

    /// Number of elements; 1 for a scalar (rank 0).
    constexpr std::size_t size() const {
        std::size_t product = 1;
        for (int i = 0; i < rank; ++i) product *= static_cast<std::size_t>(of[static_cast<std::size_t>(i)]);
        return product;
    }
    /// First extent (the batch, if there is one); 1 for a scalar.
    constexpr int first() const { return rank == 0 ? 1 : of[0]; }
    /// Last extent (features or channels); 1 for a scalar.
    constexpr int last() const { return rank == 0 ? 1 : of[static_cast<std::size_t>(rank - 1)]; }

    constexpr bool operator==(const Extents&) const = default;
};

/// Prints the shape as `(Batch, 28, 28, 1)`.
inline std::ostream& operator<<(std::ostream& out, const Extents& extents) {
    out << '(';
    for (int i = 0; i < extents.rank; ++i) {
        const int extent = extents.of[static_cast<std::size_t>(i)];
        if (i > 0) out << ", ";
        extent == Batch ? out << "Batch" : out << extent;
    }
    return out << ')';
}
}  // namespace core

namespace detail {
/// True if kernels can index that many elements: those of a sample by int, others by std::size_t, with room
/// for their size in bytes.
constexpr bool fits(bool batched, std::initializer_list<int> extents) {
    double product = 1;
    for (const int extent : extents) product *= extent;
    return product < (batched ? 0x1p31 : 0x1p48);
}
}  // namespace detail

/// Compile-time shape: `Shape<Batch, 28, 28, 1>` is a batch of images (height, width, channels), `Shape<240>`
/// a vector, `Shape<>` a scalar. At most 4 extents.
template <int... Sizes>
struct Shape {
    static_assert(sizeof...(Sizes) <= core::Extents::max_rank, "gantry: a shape has at most 4 extents");
    static_assert(((Sizes > 0 || Sizes == Batch) && ...),
                  "gantry: every extent of a shape must be positive, or Batch");
    static_assert(((Sizes == Batch) + ... + 0) <= 1 &&
                      (sizeof...(Sizes) == 0 ||
                       core::Extents{sizeof...(Sizes), {Sizes...}}.first() == Batch ||
                       ((Sizes != Batch) && ...)),
                  "gantry: Batch can only be the first extent of a shape");

    static_assert(detail::fits(((Sizes == Batch) || ...), {1, (Sizes == Batch ? 1 : Sizes)...}),
                  "gantry: a sample must have fewer than 2^31 elements, and a shape fewer than 2^48");

    static constexpr int rank = sizeof...(Sizes);               ///< number of extents
    static constexpr bool batched = ((Sizes == Batch) || ...);  ///< the first extent is Batch
    /// Elements per sample; of the whole tensor without a Batch.
    static constexpr std::size_t sample_size =
        (std::size_t{1} * ... * static_cast<std::size_t>(Sizes == Batch ? 1 : Sizes));

    /// Number of elements with `batch` in place of Batch.
    static constexpr std::size_t size(int batch) {
        return batched ? sample_size * static_cast<std::size_t>(batch) : sample_size;
    }
    /// Run-time shape with `batch` in place of Batch.
    static constexpr core::Extents extents(int batch) {
        return {rank, {(Sizes == Batch ? batch : Sizes)...}};
    }
};

namespace core {
/// A shape that is unknown at compile time: the input of a network whose first layers accept any shape, or
/// the result of layers that do not fit together. Ops accept it in place of any shape, so that such an error
/// causes no further diagnostics.
struct AnyShape {
    static constexpr int rank = 0;                 ///< unknown
    static constexpr std::size_t sample_size = 0;  ///< unknown
    static constexpr bool batched = true;          ///< inputs of layers are batched
    /// No extents.
    static constexpr core::Extents extents(int) { return {}; }
};
/// True if two shapes are equal or at least one is unknown.
template <class A, class B>
inline constexpr bool same_shape =
    std::is_same_v<A, B> || std::is_same_v<A, AnyShape> || std::is_same_v<B, AnyShape>;
template <class S>
struct Last;  // the last extent of a shape: its value, and the shape with another or without it
template <>
struct Last<AnyShape> {
    template <int>
    using with = AnyShape;
    static constexpr int value = 0;
};
template <>
struct Last<Shape<Batch>> {};
template <int A, int B>
struct Last<Shape<A, B>> {
    template <int N>
    using with = Shape<A, N>;
    using without = Shape<A>;
    static constexpr int value = B;
};
template <int A, int B, int C>
struct Last<Shape<A, B, C>> {
    template <int N>
    using with = Shape<A, B, N>;
    using without = Shape<A, B>;
    static constexpr int value = C;
};
template <int A, int B, int C, int E>
struct Last<Shape<A, B, C, E>> {
    template <int N>
    using with = Shape<A, B, C, N>;
    using without = Shape<A, B, C>;
    static constexpr int value = E;
};

/// Shape of a TensorRef, known at run time only.
struct DynamicShape {
    static constexpr int rank = 0;                 ///< unknown
    static constexpr std::size_t sample_size = 0;  ///< unknown
    static constexpr bool batched = false;         ///< unknown
};
}  // namespace core

}  // namespace gantry
