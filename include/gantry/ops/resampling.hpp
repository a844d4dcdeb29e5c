#pragma once
#include <gantry/autograd/record.hpp>
#include <gantry/contracts/resampling.hpp>
#include <gantry/core/shape.hpp>

#include <string_view>

namespace gantry {

namespace ops {
/// Resampling by 2. A linear op: its derivative is resampling in the other direction with the same filter.
struct ResamplingOp {
    static constexpr std::string_view name = "resampling";
    contracts::FirFilter filter;
    bool up = false;

    template <class V>
    void forward(const V& y, bool, const V& x) const {
        const core::Extents &large = up ? y.extents : x.extents, &small_image = up ? x.extents : y.extents;
        launch(*y.device,
               contracts::ResamplingParameters<typename V::scalar>{
                   up, static_cast<std::size_t>(large.of[0]), static_cast<std::size_t>(large.of[3]),
                   small_image.of[1], small_image.of[2], filter, x.data, y.data});
    }
    template <class V>
    void vjp(const V& upstream, const V&, const V& x) const {
        accumulate_grad(x, [&] { return run_op(ResamplingOp{filter, !up}, x.extents, {}, upstream); });
    }
};

/// True if a filter can have these taps.
template <auto... taps>
inline constexpr bool is_fir_filter =
    sizeof...(taps) >= 2 && sizeof...(taps) <= contracts::FirFilter::most_taps &&
    (0.0 + ... + static_cast<double>(taps)) != 0;
}  // namespace ops

namespace diagnosis {
template <auto... taps>
struct FirFilterIsValid {
    static_assert(
        ops::is_fir_filter<taps...>,
        "gantry: a filter for resampling has 2 to 16 taps, whose sum is not 0: fir_upsample<1, 3, 3, 1>");
};
template <class Given>
struct ResamplingTakesImages {
    static_assert(Given::rank == 4 && Given::batched,
                  "gantry: resampling takes images: Shape<Batch, height, width, channels>");
};
template <int height, int width>
struct DownsamplingHalves {
    static_assert(height % 2 == 0 && width % 2 == 0,
                  "gantry: downsampling by 2 takes images with an even height and width");
};
}  // namespace diagnosis

namespace ops {
/// The filter for one axis: taps with sum 1 downwards, 2 upwards, placed as in StyleGAN2.
template <bool up, auto... taps>
constexpr contracts::FirFilter fir_filter() {
    constexpr int size = sizeof...(taps);
    constexpr double given[] = {static_cast<double>(taps)...};
    constexpr double sum = (0.0 + ... + static_cast<double>(taps));
    contracts::FirFilter filter{.size = size, .padding = up ? (size - 2) / 2 : (size - 1) / 2};
    for (int k = 0; k < size; ++k) filter.taps[k] = up ? 2 * given[k] / sum : given[size - 1 - k] / sum;
    return filter;
}

/// Result shape of images X upsampled by 2.
template <class X>
struct DoubledImage : diagnosis::ResamplingTakesImages<X> {};
template <int height, int width, int channels>
struct DoubledImage<Shape<Batch, height, width, channels>> {
    using type = Shape<Batch, 2 * height, 2 * width, channels>;
};
/// Result shape of images X downsampled by 2.
template <class X>
struct HalvedImage : diagnosis::ResamplingTakesImages<X> {};
template <int height, int width, int channels>
struct HalvedImage<Shape<Batch, height, width, channels>> {
    static_assert(sizeof(diagnosis::DownsamplingHalves<height, width>) > 0);
    using type = Shape<Batch, (height + 1) / 2, (width + 1) / 2, channels>;
};

/// Images x of shape S after resampling.
template <class S, AnyTensor X>
auto resampled(const contracts::FirFilter& filter, bool up, const X& x) {
    return core::typed<S, X>(
        run_op(ResamplingOp{filter, up}, S::extents(x.value().extents.first()), {}, x.value()));
}
}  // namespace ops

/// Upsampling by 2 with a low-pass filter: Shape<Batch, height, width, C> -> Shape<Batch, 2 height, 2 width,
/// C>. Zeros are inserted after each row and column, and the result is convolved with the outer product of
/// the taps with themselves, scaled so that a constant image keeps its value away from the border. Beyond the
/// border there are zeros. `fir_upsample<1, 3, 3, 1>(x)` is StyleGAN2's upsample2d with the filter [1, 3, 3,
/// 1], and R3GAN's InterpolativeUpsampler with [1, 2, 1], which is [1, 3, 3, 1] after its convolution with
/// [1, 1]. Source: Karras et al., "Analyzing and improving the image quality of StyleGAN" (2020), appendix B.
template <auto... taps, AnyTensor X>
auto fir_upsample(const X& x) {
    static_assert(sizeof(diagnosis::FirFilterIsValid<taps...>) > 0);
    using S = typename ops::DoubledImage<typename X::shape>::type;
    return ops::resampled<S>(ops::fir_filter<true, taps...>(), true, x);
}

/// Downsampling by 2 with a low-pass filter: Shape<Batch, height, width, C> -> Shape<Batch, height / 2, width
/// / 2, C>. The image is convolved with the outer product of the taps with themselves, whose sum is scaled to
/// 1, and every second row and column of the result is kept. `fir_downsample<1, 3, 3, 1>(x)` is StyleGAN2's
/// downsample2d with [1, 3, 3, 1], and R3GAN's InterpolativeDownsampler with [1, 2, 1]. Source: see
/// fir_upsample.
template <auto... taps, AnyTensor X>
auto fir_downsample(const X& x) {
    static_assert(sizeof(diagnosis::FirFilterIsValid<taps...>) > 0);
    using S = typename ops::HalvedImage<typename X::shape>::type;
    return ops::resampled<S>(ops::fir_filter<false, taps...>(), false, x);
}

/// Bilinear upsampling by 2: Shape<Batch, height, width, C> -> Shape<Batch, 2 height, 2 width, C>. PyTorch's
/// interpolate with scale_factor=2, mode="bilinear" and align_corners=False.
template <AnyTensor X>
auto bilinear_upsample(const X& x) {
    using S = typename ops::DoubledImage<typename X::shape>::type;
    contracts::FirFilter filter = ops::fir_filter<true, 1, 3, 3, 1>();
    filter.replicate = true;
    return ops::resampled<S>(filter, true, x);
}

}  // namespace gantry
