#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/ops/pooling.hpp>

#include <string_view>

namespace gantry {

namespace ops {
struct WindowSpreadOp;

/// pooled = scale * sum over each window of `whole`: average pooling, and the derivative of upsampling.
struct WindowSumOp {
    static constexpr std::string_view name = "window_sum";
    contracts::PoolingGeometry geometry;
    double scale;

    template <class V>
    void forward(const V& pooled, bool, const V& whole) const {
        launch(*pooled.device,
               contracts::WindowSumParameters<typename V::scalar>{geometry, whole.data, pooled.data, scale});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& whole) const;
};

/// The adjoint: whole = scale * sum of the pooled pixels whose window contains the pixel. Where windows do
/// not overlap and leave no gaps, this repeats each pixel over its window.
struct WindowSpreadOp {
    static constexpr std::string_view name = "window_spread";
    contracts::PoolingGeometry geometry;
    double scale;

    template <class V>
    void forward(const V& whole, bool, const V& pooled) const {
        launch(*whole.device, contracts::WindowSpreadParameters<typename V::scalar>{geometry, pooled.data,
                                                                                    whole.data, scale});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& pooled) const {
        accumulate_grad(pooled,
                        [&] { return run_op(WindowSumOp{geometry, scale}, pooled.extents, {}, upstream); });
    }
};

template <class V>
void WindowSumOp::vjp(const V& upstream, const V&, const V& whole) const {
    accumulate_grad(whole,
                    [&] { return run_op(WindowSpreadOp{geometry, scale}, whole.extents, {}, upstream); });
}
}  // namespace ops

/// Average pooling, the mean per window and channel: Shape<Batch, height, width, C> -> Shape<Batch, ..., ...,
/// C>, with floor((extent + 2 padding - size) / stride) + 1 pixels on each axis. Padding counts as zeros and
/// in the divisor: PyTorch's AvgPool2d with its default options.
template <Pool2dOptions pooling, AnyTensor X>
auto avg_pool2d(const X& x) {
    using S = typename ops::Pooled<pooling, typename X::shape>::type;
    const auto& whole = x.value();
    const core::Extents extents = S::extents(whole.extents.first());
    const ops::WindowSumOp op{ops::pooling_geometry(pooling, whole.extents, extents.of[1], extents.of[2]),
                              1.0 / (pooling.size.vertical * pooling.size.horizontal)};
    return core::typed<S, X>(ops::run_op(op, extents, {}, whole));
}

/// Global average pooling, the mean per channel: Shape<Batch, height, width, C> -> Shape<Batch, C>.
/// Source: Lin, Chen and Yan, "Network in network" (2014), section 3.2.
template <AnyTensor X>
auto global_avg_pool2d(const X& x) {
    using S = typename ops::GloballyPooled<typename X::shape>::type;
    const auto& whole = x.value();
    const core::PerAxis image{whole.extents.of[1], whole.extents.of[2]};
    const ops::WindowSumOp op{ops::pooling_geometry(Pool2dOptions{.size = image}, whole.extents, 1, 1),
                              1.0 / (image.vertical * image.horizontal)};
    return core::typed<S, X>(ops::run_op(op, S::extents(whole.extents.first()), {}, whole));
}

/// Nearest-neighbour upsampling: Shape<Batch, height, width, C> -> Shape<Batch, height * factor.vertical,
/// width * factor.horizontal, C>. `upsample<2>(x)` or `upsample<PerAxis{1, 2}>(x)`; PyTorch's Upsample, mode
/// "nearest".
template <core::PerAxis factor, AnyTensor X>
auto upsample(const X& x) {
    using S = typename ops::Upsampled<factor, typename X::shape>::type;
    const auto& pooled = x.value();
    const core::Extents extents = S::extents(pooled.extents.first());
    const ops::WindowSpreadOp op{ops::pooling_geometry(Pool2dOptions{.size = factor}, extents,
                                                       pooled.extents.of[1], pooled.extents.of[2]),
                                 1};
    return core::typed<S, X>(ops::run_op(op, extents, {}, pooled));
}

}  // namespace gantry
