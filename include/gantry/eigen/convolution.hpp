#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/eigen/activation.hpp>
#include <gantry/eigen/device.hpp>
#include <gantry/eigen/matmul.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace gantry {

namespace contracts {
/// All that a kernel can compute from the result.
inline bool fuses_activation_backward(const EigenCpu&, const ConvolutionGeometry&, ActivationKind kind) {
    return ops::fuses_into_backward(kind);
}
}  // namespace contracts

namespace eigen::detail {

/// The three products of a convolution as matrix products, one group and a block of images at a time. With
/// U(x), a matrix (pixels of y, taps x channels of x) whose row holds the patch of x that the pixel reads
/// (im2col):
///     y = U(x) w,    U(x) = y w^T (added to x, the adjoint of U),    w = U(x)^T y
template <class T, class Sum>
class Convolution {
public:
    using S = Compute<T, Sum>;  ///< scalar of the products

    Convolution(const contracts::ConvolutionGeometry& geometry, int group)
        : g_(geometry), x_channel_(Index{group} * g_.group_in()), y_channel_(Index{group} * g_.group_out()) {}

    /// Calls f(convolution of one group) for each group.
    template <class F>
    static void each_group(const contracts::ConvolutionGeometry& geometry, const F& f) {
        contracts::check_range(geometry);
        for (int group = 0; group < geometry.groups; ++group) f(Convolution(geometry, group));
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
        return images(x_channels(x, first, count), x_channels(backward.outputs, first, count),
                      backward.activation);
    }
    Matrix<S> images_of_y(const T* y, const contracts::ActivationBackward<T>& backward, Index first,
                          Index count) const {
        return images(y_channels(y, first, count), y_channels(backward.outputs, first, count),
                      backward.activation);
    }
    /// The group's part of w as a matrix (taps x channels of x, channels of y).
    Matrix<S> weights(const T* w) const { return weight_columns(w).template cast<S>(); }
    template <class U>
    auto weight_columns(U* w) const {
        return channels(w, 0, patch(), g_.out_channels, y_channel_, g_.group_out());
    }
    /// The group's channels of some images, as a matrix (pixels, channels).
    template <class U>
    auto x_channels(U* x, Index first, Index count) const {
        return channels(x, first * x_pixels(), count * x_pixels(), g_.in_channels, x_channel_, g_.group_in());
    }
    template <class U>
    auto y_channels(U* y, Index first, Index count) const {
        return channels(y, first * y_pixels(), count * y_pixels(), g_.out_channels, y_channel_,
                        g_.group_out());
    }

    /// U(x). Taps outside of the image are zeros.
    Matrix<S> unfold(const Matrix<S>& x) const {
        Matrix<S> patches = Matrix<S>::Zero(x.rows() / x_pixels() * y_pixels(), patch());
        each_tap(x.rows() / x_pixels(), [&](Index x_pixel, Index y_pixel, Index tap) {
            patches.row(y_pixel).segment(tap * g_.group_in(), g_.group_in()) = x.row(x_pixel);
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
        Matrix<S> x = Matrix<S>::Zero(count * x_pixels(), g_.group_in());
        each_tap(count, [&](Index x_pixel, Index y_pixel, Index tap) {
            x.row(x_pixel) += patches.row(y_pixel).segment(tap * g_.group_in(), g_.group_in());
        });
        return x;
    }
    /// result = activation(images + bias), where the bias begins with the group's channel `channel`.
    template <class P, class Result>
    static void store(Matrix<S> images, const P& p, Index channel, Result result) {
        finish(images, p.bias ? p.bias + channel : nullptr, p.activation);
        result = images.template cast<T>();
    }

    /// The group's first channels.
    Index x_channel() const { return x_channel_; }
    Index y_channel() const { return y_channel_; }
    Index x_pixels() const { return Index{g_.vertical.in} * g_.horizontal.in; }
    Index y_pixels() const { return Index{g_.vertical.out} * g_.horizontal.out; }
    Index patch() const { return Index{g_.vertical.size} * g_.horizontal.size * g_.group_in(); }

private:
    template <class Block>
    static Matrix<S> images(const Block& data, const Block& outputs,
                            const contracts::Activation& activation) {
        if (!outputs.data()) return data.template cast<S>();
        return data.template cast<S>().cwiseProduct(
            outputs.template cast<S>().unaryExpr([activation](S y) { return derivative(activation, y); }));
    }
    /// Columns [channel, channel + count) of `rows` rows of a matrix with `all` columns, from row `first`.
    template <class U>
    static auto channels(U* data, Index first, Index rows, Index all, Index channel, Index count) {
        using M = std::conditional_t<std::is_const_v<U>, const Matrix<T>, Matrix<T>>;
        return Eigen::Map<M, 0, Eigen::OuterStride<>>(data ? data + first * all + channel : nullptr, rows,
                                                      count, Eigen::OuterStride<>(all));
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
    Index x_channel_, y_channel_;
};

}  // namespace eigen::detail

template <class T, class Sum, class Parameter>
void launch(EigenCpu&, const contracts::ConvolutionParameters<T, Sum, Parameter>& p) {
    eigen::detail::Convolution<T, Sum>::each_group(p.geometry, [&](const auto& c) {
        const auto w = c.weights(p.w);
        c.each_block([&](eigen::Index first, eigen::Index count) {
            const auto x = c.images_of_x(p.x, p.x_activation, first, count);
            c.store(c.product(c.unfold(x), w), p, c.y_channel(), c.y_channels(p.y, first, count));
        });
    });
}

template <class T, class Sum, class Parameter>
void launch(EigenCpu&, const contracts::ConvolutionTransposedParameters<T, Sum, Parameter>& p) {
    eigen::detail::Convolution<T, Sum>::each_group(p.geometry, [&](const auto& c) {
        const auto w = c.weights(p.w);
        c.each_block([&](eigen::Index first, eigen::Index count) {
            const auto y = c.images_of_y(p.y, p.y_activation, first, count);
            c.store(c.fold(c.product(y, w.transpose())), p, c.x_channel(), c.x_channels(p.x, first, count));
        });
    });
}

template <class T, class Sum>
void launch(EigenCpu&, const contracts::ConvolutionWeightGradientParameters<T, Sum>& p) {
    using S = eigen::Compute<T, Sum>;
    eigen::detail::Convolution<T, Sum>::each_group(p.geometry, [&](const auto& c) {
        eigen::Matrix<S> w = eigen::Matrix<S>::Zero(c.patch(), p.geometry.group_out());
        c.each_block([&](eigen::Index first, eigen::Index count) {
            const auto patches = c.unfold(c.images_of_x(p.x, p.x_activation, first, count));
            w += c.product(patches.transpose(), c.images_of_y(p.y, p.y_activation, first, count));
        });
        auto result = c.weight_columns(p.w);
        if (p.accumulate) w += result.template cast<S>();
        result = w.template cast<T>();
    });
}

}  // namespace gantry
