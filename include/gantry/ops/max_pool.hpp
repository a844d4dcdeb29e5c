#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/ops/pooling.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace gantry {

struct SwitchGatherOp;

/// whole = pooled at the switches, added up, 0 elsewhere.
struct SwitchScatterOp {
    static constexpr std::string_view name = "max_unpool2d";
    SwitchedImages extents;

    template <class V>
    void forward(const V& whole, bool, const V& pooled) const {
        launch(*whole.device, SwitchScatterParameters<typename V::scalar>{extents, pooled.data, whole.data});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& pooled) const;
};

/// The adjoint: pooled = whole at the switches.
struct SwitchGatherOp {
    static constexpr std::string_view name = "max_pool2d";
    SwitchedImages extents;

    template <class V>
    void forward(const V& pooled, bool, const V& whole) const {
        launch(*pooled.device, SwitchGatherParameters<typename V::scalar>{extents, whole.data, pooled.data});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& whole) const {
        accumulate_grad(whole, [&] { return run_op(SwitchScatterOp{extents}, whole.extents, {}, upstream); });
    }
};

template <class V>
void SwitchScatterOp::vjp(const V& upstream, const V&, const V& pooled) const {
    accumulate_grad(pooled, [&] { return run_op(SwitchGatherOp{extents}, pooled.extents, {}, upstream); });
}

namespace detail {
inline SwitchedImages switched_images(const Extents& whole, const Extents& pooled,
                                      const std::int32_t* switches) {
    const auto images = static_cast<std::size_t>(whole.of[0]),
               channels = static_cast<std::size_t>(whole.of[3]);
    return {images, whole.size() / images / channels, pooled.size() / images / channels, channels, switches};
}
}  // namespace detail

/// pooled = the maxima of whole's windows. Also writes the switches; its derivative goes by them.
struct MaxPoolOp {
    static constexpr std::string_view name = "max_pool2d";
    PoolingGeometry geometry;
    std::int32_t* switches;

    template <class V>
    void forward(const V& pooled, bool, const V& whole) const {
        launch(*pooled.device,
               MaxPoolParameters<typename V::scalar>{geometry, whole.data, pooled.data, switches});
    }
    template <class V>
    void vjp(const V& upstream, const V& pooled, const V& whole) const {
        accumulate_grad(whole, [&] {
            const auto extents = detail::switched_images(whole.extents, pooled.extents, switches);
            return run_op(SwitchScatterOp{extents}, whole.extents, {}, upstream);
        });
    }
};

/// Where max_pool2d found its maxima, for images of shape `Whole`. Like a tensor, it is valid until the end
/// of the step that made it.
template <class Whole, class Pooled, class D>
struct Switches {
    using whole_shape = Whole;
    using pooled_shape = Pooled;

    /// For each maximum its pixel, h * width + w, in the plane of its image and channel: PyTorch's indices.
    Tensor<Pooled, std::int32_t, D> pixels;
};

/// `const auto [result, switches] = max_pool2d<...>(x)`
template <class Result, class SwitchesOfResult>
struct MaxPooled {
    Result result;
    SwitchesOfResult switches;
};

/// The largest number of each window and channel, and where it stands: Shape<Batch, height, width, C> ->
/// Shape<Batch, ..., ..., C>, floor((extent + 2 padding - size) / stride) + 1 pixels on each axis. Padding
/// counts as minus infinity; the first of equals wins, and a NaN wins over all numbers. PyTorch's MaxPool2d
/// with return_indices.
template <Pooling pooling, AnyTensor X>
auto max_pool2d(const X& x) {
    using Whole = typename X::shape;
    using S = typename detail::Pooled<pooling, Whole>::type;
    using Found = Switches<Whole, S, typename X::device_type>;
    const auto& whole = x.value();
    const Extents extents = S::extents(whole.extents.first());
    const auto pixels = allocate<std::int32_t>(whole.live_device(), extents);
    const MaxPoolOp op{detail::pooling_geometry(pooling, whole.extents, extents.of[1], extents.of[2]),
                       pixels.data};
    const auto result = typed<S, X>(run_op(op, extents, {}, whole));
    return MaxPooled<std::remove_const_t<decltype(result)>, Found>{result, {decltype(Found::pixels){pixels}}};
}

/// Fails to compile with both shapes in the message.
template <class Given, class PooledWithSwitches>
struct UnpoolingFits {
    static_assert(
        std::is_same_v<Given, PooledWithSwitches>,
        "gantry: max_unpool2d takes a tensor of the shape that max_pool2d gave with the switches (see "
        "UnpoolingFits<given, shape of the switches>; -1 is Batch)");
};

/// The adjoint of taking the numbers at the switches: each number of y is put where its switch says, in an
/// image of the shape that was pooled, and 0 stands elsewhere. Where windows overlapped, and two switches are
/// the same pixel, their numbers add (PyTorch's MaxUnpool2d leaves open which of them it keeps).
/// Errors: another batch, another device or an earlier step than that of the switches.
template <AnyTensor Y, class Whole, class Pooled, class D>
auto max_unpool2d(const Y& y, const Switches<Whole, Pooled, D>& switches) {
    static_cast<void>(sizeof(UnpoolingFits<typename Y::shape, Pooled>));
    const auto& pooled = y.value();
    const auto& pixels = switches.pixels.value();
    pixels.check_alive();
    if (pooled.device != pixels.device)
        fail("max_unpool2d", "tensor and switches must be on one device object");
    if (pooled.extents != pixels.extents)
        fail("max_unpool2d", "tensor and switches must have as many items", pooled.extents, " and ",
             pixels.extents);
    const Extents extents = Whole::extents(pooled.extents.first());
    return typed<Whole, Y>(run_op(
        SwitchScatterOp{detail::switched_images(extents, pooled.extents, pixels.data)}, extents, {}, pooled));
}

}  // namespace gantry
