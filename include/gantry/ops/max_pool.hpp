#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/ops/pooling.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace gantry {

namespace ops {
struct SwitchGatherOp;

/// Scatter-add: whole = sum of the pooled elements whose switch points to the pixel, 0 elsewhere.
struct SwitchScatterOp {
    static constexpr std::string_view name = "max_unpool2d";
    contracts::SwitchedImages extents;

    template <class V>
    void forward(const V& whole, bool, const V& pooled) const {
        launch(*whole.device,
               contracts::SwitchScatterParameters<typename V::scalar>{extents, pooled.data, whole.data});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& pooled) const;
};

/// The adjoint, a gather: pooled = whole at the switches.
struct SwitchGatherOp {
    static constexpr std::string_view name = "max_unpool2d_gradient";
    contracts::SwitchedImages extents;

    template <class V>
    void forward(const V& pooled, bool, const V& whole) const {
        launch(*pooled.device,
               contracts::SwitchGatherParameters<typename V::scalar>{extents, whole.data, pooled.data});
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
/// The images that `switches` connects.
inline contracts::SwitchedImages switched_images(const core::Extents& whole, const core::Extents& pooled,
                                                 const std::int32_t* switches) {
    const auto images = static_cast<std::size_t>(whole.of[0]),
               channels = static_cast<std::size_t>(whole.of[3]);
    return {images, whole.size() / images / channels, pooled.size() / images / channels, channels, switches};
}

/// pooled = maxima of the windows of `whole`. Also writes the switches, which its backward pass uses.
struct MaxPoolOp {
    static constexpr std::string_view name = "max_pool2d";
    contracts::PoolingGeometry geometry;
    std::int32_t* switches;

    template <class V>
    void forward(const V& pooled, bool, const V& whole) const {
        launch(*pooled.device,
               contracts::MaxPoolParameters<typename V::scalar>{geometry, whole.data, pooled.data, switches});
    }
    template <class V>
    void vjp(const V& upstream, const V& pooled, const V& whole) const {
        accumulate_grad(whole, [&] {
            const auto extents = switched_images(whole.extents, pooled.extents, switches);
            return run_op(SwitchScatterOp{extents}, whole.extents, {}, upstream);
        });
    }
};

/// The positions of the maxima that max_pool2d found in images of shape `Whole`. Valid until the end of the
/// step, like a tensor.
template <class Whole, class Pooled, class D>
struct [[nodiscard]] Switches {
    using whole_shape = Whole;    ///< of the images that were pooled
    using pooled_shape = Pooled;  ///< of the result

    /// Index h * width + w of each maximum within the plane of its image and channel, as PyTorch's indices.
    Tensor<Pooled, std::int32_t, D> pixels;
};

/// Result of max_pool2d: `const auto [result, switches] = max_pool2d<...>(x)`.
template <class Result, class SwitchesOfResult>
struct MaxPooled {
    Result result;              ///< the maxima
    SwitchesOfResult switches;  ///< their positions
};
}  // namespace ops

/// Max pooling, the maximum per window and channel with its position: Shape<Batch, height, width, C> ->
/// Shape<Batch, ..., ..., C>, with floor((extent + 2 padding - size) / stride) + 1 pixels on each axis.
/// Padding counts as minus infinity; the first of equal maxima is chosen; NaN counts as larger than any
/// number. PyTorch's MaxPool2d with return_indices.
template <Pool2dOptions pooling, AnyTensor X>
auto max_pool2d(const X& x) {
    using Whole = typename X::shape;
    using S = typename ops::Pooled<pooling, Whole>::type;
    using Found = ops::Switches<Whole, S, typename X::device_type>;
    const auto& whole = x.value();
    const core::Extents extents = S::extents(whole.extents.first());
    const auto pixels = core::allocate<std::int32_t>(whole.live_device(), extents);
    const ops::MaxPoolOp op{ops::pooling_geometry(pooling, whole.extents, extents.of[1], extents.of[2]),
                            pixels.data};
    const auto result = core::typed<S, X>(ops::run_op(op, extents, {}, whole));
    return ops::MaxPooled<std::remove_const_t<decltype(result)>, Found>{result,
                                                                        {decltype(Found::pixels){pixels}}};
}

namespace diagnosis {
/// Fails to compile with both shapes in the message.
template <class Given, class PooledWithSwitches>
struct UnpoolingFits {
    static_assert(std::is_same_v<Given, PooledWithSwitches>,
                  "gantry: max_unpool2d takes a tensor of the shape that max_pool2d returned with the "
                  "switches (see UnpoolingFits<given, shape of the switches>; -1 is Batch)");
};
}  // namespace diagnosis

/// Max unpooling, the adjoint of gathering at the switches: writes each element of y to the pixel of its
/// switch, in an image of the shape that was pooled, and 0 elsewhere. Elements with the same switch (of
/// overlapping windows) are summed, whereas PyTorch's MaxUnpool2d keeps an unspecified one. -> Whole.
/// Errors: y and the switches differ in batch size or device; the switches are from an earlier step.
template <AnyTensor Y, class Whole, class Pooled, class D>
auto max_unpool2d(const Y& y, const ops::Switches<Whole, Pooled, D>& switches) {
    static_cast<void>(sizeof(diagnosis::UnpoolingFits<typename Y::shape, Pooled>));
    const auto& pooled = y.value();
    const auto& pixels = switches.pixels.value();
    pixels.check_alive();
    if (pooled.device != pixels.device)
        fail("max_unpool2d", "tensor and switches must be on the same device object");
    if (pooled.extents != pixels.extents)
        fail("max_unpool2d", "tensor and switches must have the same batch size", pooled.extents, " and ",
             pixels.extents);
    const core::Extents extents = Whole::extents(pooled.extents.first());
    return core::typed<Whole, Y>(
        ops::run_op(ops::SwitchScatterOp{ops::switched_images(extents, pooled.extents, pixels.data)}, extents,
                    {}, pooled));
}

}  // namespace gantry
