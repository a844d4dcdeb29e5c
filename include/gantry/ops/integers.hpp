#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/gather.hpp>
#include <gantry/core/error.hpp>
#include <gantry/meta/meta.hpp>
#include <gantry/ops/reshape.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace gantry {

// Integer tensors, Tensor<S, std::int32_t, D>: class labels and other indices. They have no gradients. Made
// by from_host, uniform_integers and argmax; embedding, gather and one_hot turn them into floating-point
// tensors.

/// A tensor of integers, such as class labels.
template <class X>
concept IntegerTensor = AnyTensor<X> && std::same_as<typename X::scalar, std::int32_t>;

namespace ops {
template <class D>
struct ScatterRowsOp;

/// y (groups, count, columns) = rows of x (groups, rows, columns) by index (groups, count).
template <class D>
struct GatherRowsOp {
    static constexpr std::string_view name = "gather";
    TensorRef<std::int32_t, D> index;
    std::size_t groups, rows, columns;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        launch(*y.device, contracts::GatherRowsParameters<typename V::scalar>{
                              groups, rows, columns, index.size() / groups, index.data, x.data, y.data});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&](Destination<typename V::scalar> into) {
            return run_op(ScatterRowsOp<D>{index, groups, rows, columns}, x.extents, into, upstream);
        });
    }
};

/// The adjoint of GatherRowsOp: sums of the rows of y with the same index.
template <class D>
struct ScatterRowsOp {
    static constexpr std::string_view name = "gather_gradient";
    TensorRef<std::int32_t, D> index;
    std::size_t groups, rows, columns;

    template <class V>
    void forward(const V& x, bool accumulate, const V& y) const {
        launch(*x.device,
               contracts::ScatterRowsParameters<typename V::scalar>{
                   groups, rows, columns, index.size() / groups, index.data, y.data, x.data, accumulate});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& y) const {
        accumulate_grad(y, [&] {
            return run_op(GatherRowsOp<D>{index, groups, rows, columns}, y.extents, {}, upstream);
        });
    }
};

/// Shape<E..., F...> of Shape<E...> and Shape<F...>.
template <class A, class B>
struct JoinedShape;
template <int... A, int... B>
struct JoinedShape<Shape<A...>, Shape<B...>> {
    using type = Shape<A..., B...>;
};
/// What gather, embedding and one_hot return for an index of unknown shape, or of a wrong type.
template <class X>
using UnknownLike = decltype(core::typed<core::AnyShape, X>(std::declval<const X&>().value()));

/// Shapes of `embedding`.
template <class Table, class Index>
struct EmbeddingShape {
    using type = core::AnyShape;  ///< of the result
};
template <int rows, int... E, int... Leading>
struct EmbeddingShape<Shape<rows, E...>, Shape<Leading...>> {
    using type = Shape<Leading..., E...>;
};
/// Shapes of `gather`.
template <class X, class Index>
struct GatherShape {
    /// Whether x and the index have shapes that gather takes.
    static constexpr bool fits = std::is_same_v<X, core::AnyShape> || std::is_same_v<Index, core::AnyShape>;
    using type = core::AnyShape;  ///< of the result
};
template <int n, int... E, int... Leading>
    requires(sizeof...(Leading) <= 1)
struct GatherShape<Shape<Batch, n, E...>, Shape<Batch, Leading...>> {
    static constexpr bool fits = true;
    using type = Shape<Batch, Leading..., E...>;
};
}  // namespace ops

namespace diagnosis {
/// An op was given something else than integers as its index.
template <class Given>
struct IndexIsIntegers {
    static_assert(
        IntegerTensor<Given>,
        "gantry: an index must be a tensor of integers: from_host<Shape<Batch>>(device, batch, labels) "
        "with a std::vector<std::int32_t> (see IndexIsIntegers<given>)");
};
/// The shapes of gather do not fit.
template <class X, class Index>
struct GatherFits {
    static_assert(ops::GatherShape<X, Index>::fits,
                  "gantry: gather takes Shape<Batch, N, ...> and an index of Shape<Batch> or Shape<Batch, K> "
                  "(see GatherFits<x, index>; -1 is Batch)");
};
/// The table of an embedding has a Batch or no rows.
template <class Table>
struct EmbeddingTable {
    static_assert(std::is_same_v<Table, core::AnyShape> || (!Table::batched && Table::rank >= 1),
                  "gantry: the table of an embedding is Shape<rows, ...>, without Batch (see "
                  "EmbeddingTable<given>)");
};
}  // namespace diagnosis

/// Rows of a table, by index: y[b] = table[index[b]] for a table Shape<N, E...> and an index Shape<Batch,
/// ...>
/// -> Shape<Batch, ..., E...>. PyTorch's F.embedding. Errors: an index outside [0, N); on Cuda, such a row is
/// NaN.
template <AnyTensor Table, AnyTensor Index>
auto embedding(const Table& table, const Index& index) {
    using From = typename Table::shape;
    static_cast<void>(sizeof(diagnosis::IndexIsIntegers<Index>));
    static_cast<void>(sizeof(diagnosis::EmbeddingTable<From>));
    using S = typename ops::EmbeddingShape<From, typename Index::shape>::type;
    if constexpr (!IntegerTensor<Index> || std::is_same_v<S, core::AnyShape>) {
        return ops::UnknownLike<Table>{table.value()};
    } else {
        constexpr auto rows = static_cast<std::size_t>(From::extents(0).first());
        const ops::GatherRowsOp<typename Index::device_type> op{index.value(), 1, rows,
                                                                From::sample_size / rows};
        return core::typed<S, Table>(
            ops::run_op(op, S::extents(index.value().extents.first()), {}, table.value()));
    }
}

/// Elements of each sample, by index along axis 1: y[b] = x[b][index[b]] for x Shape<Batch, N, E...> and an
/// index Shape<Batch> -> Shape<Batch, E...>; for an index Shape<Batch, K> -> Shape<Batch, K, E...>. With
/// logits and labels, the logit of each sample's class. Errors: an index outside [0, N), see embedding;
/// different batch sizes.
template <AnyTensor X, AnyTensor Index>
auto gather(const X& x, const Index& index) {
    using From = typename X::shape;
    static_cast<void>(sizeof(diagnosis::IndexIsIntegers<Index>));
    static_cast<void>(sizeof(diagnosis::GatherFits<From, typename Index::shape>));
    using S = typename ops::GatherShape<From, typename Index::shape>::type;
    if constexpr (!IntegerTensor<Index> || std::is_same_v<S, core::AnyShape>) {
        return ops::UnknownLike<X>{x.value()};
    } else {
        const int batch = x.value().extents.first();
        if (index.value().extents.first() != batch)
            fail("gather", "the tensor and the index must have the same batch size", x.value().extents,
                 " and ", index.value().extents);
        constexpr auto rows = static_cast<std::size_t>(From::extents(0).of[1]);
        const ops::GatherRowsOp<typename Index::device_type> op{
            index.value(), static_cast<std::size_t>(batch), rows, From::sample_size / rows};
        return core::typed<S, X>(ops::run_op(op, S::extents(batch), {}, x.value()));
    }
}

namespace ops {
/// The scalar of one_hot by default: that of the network in whose forward pass it is, or float.
template <class Index>
struct OneHotScalar {
    using type = float;  ///< the scalar
};
template <class Index>
    requires requires { typename Index::network_scalar; }
struct OneHotScalar<Index> {
    using type = typename Index::network_scalar;
};
}  // namespace ops

/// One-hot encoding of class labels: integers Shape<Batch, ...> -> T Shape<Batch, ..., classes>, 1 at the
/// label and 0 elsewhere. T is float unless told, or the scalar of the network struct that calls it. Errors:
/// a label outside [0, classes); on Cuda, its row is NaN.
template <int classes, class Scalar = void, AnyTensor Index>
auto one_hot(const Index& labels) {
    using T = std::conditional_t<std::is_void_v<Scalar>, typename ops::OneHotScalar<Index>::type, Scalar>;
    static_assert(classes > 0, "gantry: one_hot needs at least one class");
    using D = typename Index::device_type;
    static_cast<void>(sizeof(diagnosis::IndexIsIntegers<Index>));
    if constexpr (!IntegerTensor<Index> || std::is_same_v<typename Index::shape, core::AnyShape>) {
        return Tensor<core::AnyShape, T, D>{TensorRef<T, D>{}};
    } else {
        using S = typename ops::JoinedShape<typename Index::shape, Shape<classes>>::type;
        D& device = labels.device();
        const auto turn = device.turn();
        const auto y = core::allocate<T>(device, S::extents(labels.value().extents.first()));
        launch(device, contracts::OneHotParameters<T>{labels.size(), classes, labels.data(), y.data});
        return Tensor<S, T, D>{y};
    }
}

/// Does not compile: labels on the host.
template <int classes, class T = float, class... Labels>
    requires(sizeof...(Labels) != 1 || !(AnyTensor<Labels> && ...))
auto one_hot(const Labels&...) {
    static_assert(
        sizeof...(Labels) == 0 && classes < 0,
        "gantry: one_hot takes a tensor of integers: one_hot<classes>(from_host<Shape<Batch>>(device, "
        "batch, labels)) with a std::vector<std::int32_t>");
    return Tensor<core::AnyShape, T, core::ForwardMeta>{TensorRef<T, core::ForwardMeta>{}};
}

/// The index of the largest element along the last extent, the first of equal ones: Shape<Batch, ..., N> ->
/// integers Shape<Batch, ...>. Such as the class that a classifier chooses. NaN counts as larger than any
/// number.
template <AnyTensor X>
auto argmax(const X& x) {
    using D = typename X::device_type;
    using From = typename X::shape;
    if constexpr (std::is_same_v<From, core::AnyShape>) {
        return Tensor<core::AnyShape, std::int32_t, D>{TensorRef<std::int32_t, D>{}};
    } else {
        static_assert(!IntegerTensor<X>, "gantry: argmax takes a tensor of floating-point numbers");
        static_assert(From::rank >= 2,
                      "gantry: argmax takes a tensor with at least two extents, Shape<Batch, ..., N>");
        using S = typename core::Last<From>::without;
        D& device = x.device();
        const auto turn = device.turn();
        const auto index = core::allocate<std::int32_t>(device, S::extents(x.value().extents.first()));
        launch(device,
               contracts::ArgmaxParameters<typename X::scalar>{
                   index.size(), static_cast<std::size_t>(core::Last<From>::value), x.data(), index.data});
        return Tensor<S, std::int32_t, D>{index};
    }
}

}  // namespace gantry
