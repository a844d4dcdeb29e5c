#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/eigen/activation.hpp>
#include <gantry/eigen/device.hpp>
#include <gantry/eigen/matmul.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry {

namespace contracts {
/// All that a kernel can compute from the result.
inline bool fuses_activation_backward(const EigenCpu&, const ConvolutionGeometry&, ActivationKind kind) {
    return ops::fuses_into_backward(kind);
}
}  // namespace contracts

namespace eigen::detail {

/// The three products of a convolution as matrix products, a block of images at a time. With U(x), a matrix
/// (pixels of y, taps x in_channels) whose row holds the patch of x that the pixel reads (im2col):
///     y = U(x) w,    U(x) = y w^T (added to x, the adjoint of U),    w = U(x)^T y
template <class T, class Sum>
class Convolution {
public:
    using S = Compute<T, Sum>;  ///< scalar of the products

    explicit Convolution(const contracts::ConvolutionGeometry& geometry) : g_(geometry) {
        contracts::check_range(g_);
    }

    /// Calls f(first image, number of images) for blocks of images whose U has about a million elements.
    template <class F>
    void each_block(const F& f) const {
        const Index image = std::max<Index>(1, y_pixels() * patch()),
                    most = std::max<Index>(1, (1 << 20) / image);
        for (Index n = 0; n < g_.batch; n += most) f(n, std::min(most, g_.batch - n));
    }

    /// The images of a block as a matrix (pixels, channels), multiplied by the activation's derivative.
    Matrix<S> images_of_x(const T* x, const contracts::ActivationBackward<T>& backward, Index first,
                          Index count) const {
        return images(x, backward, first * x_pixels(), count * x_pixels(), g_.in_channels);
    }
    Matrix<S> images_of_y(const T* y, const contracts::ActivationBackward<T>& backward, Index first,
                          Index count) const {
        return images(y, backward, first * y_pixels(), count * y_pixels(), g_.out_channels);
    }
    /// w as a matrix (taps x in_channels, out_channels).
    Matrix<S> weights(const T* w) const {
        return Eigen::Map<const Matrix<T>>(w, patch(), g_.out_channels).template cast<S>();
    }

    /// U(x). Taps outside of the image are zeros.
    Matrix<S> unfold(const Matrix<S>& x) const {
        Matrix<S> patches = Matrix<S>::Zero(x.rows() / x_pixels() * y_pixels(), patch());
        each_tap(x.rows() / x_pixels(), [&](Index x_pixel, Index y_pixel, Index tap) {
            patches.row(y_pixel).segment(tap * g_.in_channels, g_.in_channels) = x.row(x_pixel);
        });
        return patches;
    }
    /// a b
    static Matrix<S> product(const Eigen::Ref<const Matrix<S>>& a, const Eigen::Ref<const Matrix<S>>& b) {
        return detail::product<S>(a, b);
    }
    /// The adjoint of U.
    Matrix<S> fold(const Matrix<S>& patches) const {
        const Index count = patches.rows() / y_pixels();
        Matrix<S> x = Matrix<S>::Zero(count * x_pixels(), g_.in_channels);
        each_tap(count, [&](Index x_pixel, Index y_pixel, Index tap) {
            x.row(x_pixel) += patches.row(y_pixel).segment(tap * g_.in_channels, g_.in_channels);
        });
        return x;
    }
    /// Writes activation(images + bias) to the block that begins with image `first` of `result`.
    template <class P>
    void store(Matrix<S> images, const P& p, Index first, Index pixels, T* result) const {
        finish(images, p.bias, p.activation);
        Eigen::Map<Matrix<T>>(result + first * pixels * images.cols(), images.rows(), images.cols()) =
            images.template cast<T>();
    }

    Index x_pixels() const { return Index{g_.vertical.in} * g_.horizontal.in; }
    Index y_pixels() const { return Index{g_.vertical.out} * g_.horizontal.out; }
    Index patch() const { return Index{g_.vertical.size} * g_.horizontal.size * g_.in_channels; }

private:
    Matrix<S> images(const T* data, const contracts::ActivationBackward<T>& backward, Index begin,
                     Index pixels, Index channels) const {
        const auto block = [&](const T* all) {
            return Eigen::Map<const Table<T>>(all + begin * channels, pixels, channels).template cast<S>();
        };
        if (!backward.outputs) return block(data);
        return block(data) *
               block(backward.outputs).unaryExpr([a = backward.activation](S y) { return derivative(a, y); });
    }
    /// Calls f(pixel of x, pixel of y, tap) for each tap inside its image, of `count` images.
    template <class F>
    void each_tap(Index count, const F& f) const {
        const auto along = [](const contracts::ConvolutionAxis& axis, const auto& each) {
            for (int o = 0; o < axis.out; ++o)
                for (int k = 0; k < axis.size; ++k)
                    if (const int i = o * axis.stride - axis.padding + k * axis.dilation;
                        i >= 0 && i < axis.in)
                        each(i, o, k);
        };
        const contracts::ConvolutionAxis &v = g_.vertical, &h = g_.horizontal;
        for (Index n = 0; n < count; ++n)
            along(v, [&](int iy, int oy, int ky) {
                along(h, [&](int ix, int ox, int kx) {
                    f((n * v.in + iy) * h.in + ix, (n * v.out + oy) * h.out + ox, Index{ky} * h.size + kx);
                });
            });
    }

    contracts::ConvolutionGeometry g_;
};

}  // namespace eigen::detail

template <class T, class Sum, class Parameter>
void launch(EigenCpu&, const contracts::ConvolutionParameters<T, Sum, Parameter>& p) {
    const eigen::detail::Convolution<T, Sum> c(p.geometry);
    const auto w = c.weights(p.w);
    c.each_block([&](eigen::Index first, eigen::Index count) {
        const auto x = c.images_of_x(p.x, p.x_activation, first, count);
        c.store(c.product(c.unfold(x), w), p, first, c.y_pixels(), p.y);
    });
}

template <class T, class Sum, class Parameter>
void launch(EigenCpu&, const contracts::ConvolutionTransposedParameters<T, Sum, Parameter>& p) {
    const eigen::detail::Convolution<T, Sum> c(p.geometry);
    const auto w = c.weights(p.w);
    c.each_block([&](eigen::Index first, eigen::Index count) {
        const auto y = c.images_of_y(p.y, p.y_activation, first, count);
        c.store(c.fold(c.product(y, w.transpose())), p, first, c.x_pixels(), p.x);
    });
}

template <class T, class Sum>
void launch(EigenCpu&, const contracts::ConvolutionWeightGradientParameters<T, Sum>& p) {
    using S = eigen::Compute<T, Sum>;
    const eigen::detail::Convolution<T, Sum> c(p.geometry);
    eigen::Matrix<S> w = eigen::Matrix<S>::Zero(c.patch(), p.geometry.out_channels);
    c.each_block([&](eigen::Index first, eigen::Index count) {
        const auto patches = c.unfold(c.images_of_x(p.x, p.x_activation, first, count));
        w += c.product(patches.transpose(), c.images_of_y(p.y, p.y_activation, first, count));
    });
    if (p.accumulate) w += c.weights(p.w);
    Eigen::Map<eigen::Matrix<T>>(p.w, w.rows(), w.cols()) = w.template cast<T>();
}

}  // namespace gantry
