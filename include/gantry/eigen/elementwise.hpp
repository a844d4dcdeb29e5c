#pragma once
#include <gantry/contracts/elementwise.hpp>
#include <gantry/contracts/loss.hpp>
#include <gantry/eigen/device.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace gantry {
namespace eigen::detail {

/// The expression f(in_0[i], in_1[i], ...), computed in S and converted to `Out`, for 0 <= i < size.
template <class S, class Out, class F, class T, std::size_t N>
auto apply(const F& f, std::size_t size, const std::array<const T*, N>& in,
           const std::array<bool, N>& scalar) {
    return Row<Out>::NullaryExpr(static_cast<Index>(size), [=](Index i) {
        return [&]<std::size_t... k>(std::index_sequence<k...>) {
            return static_cast<Out>(f(static_cast<S>(in[k][scalar[k] ? 0 : i])...));
        }(std::make_index_sequence<N>{});
    });
}

}  // namespace eigen::detail

template <class F, class T, std::size_t N>
void launch(EigenCpu&, const contracts::ElementwiseParameters<F, T, N>& p) {
    eigen::row(p.out, p.size) = eigen::detail::apply<eigen::Compute<T>, T>(p.f, p.size, p.in, p.scalar);
}

template <class F, class T, std::size_t N, class Sum>
void launch(EigenCpu&, const contracts::TransformReduceParameters<F, T, N, Sum>& p) {
    *p.out =
        static_cast<T>(p.scale * eigen::detail::apply<double, double>(p.f, p.size, p.in, p.scalar).sum());
}

template <class F, class T, std::size_t N, class Sum>
void launch(EigenCpu& device, const contracts::LossParameters<F, T, N, Sum>& p) {
    using S = eigen::Compute<T>;
    launch(device,
           contracts::TransformReduceParameters<F, T, N>{p.f, p.size, p.value, p.in, p.scalar, p.scale});
    const auto derivative = [f = p.f, scale = static_cast<S>(p.scale)](const auto&... x) {
        return scale * f.gradient(x...);
    };
    eigen::row(p.gradient, p.size) = eigen::detail::apply<S, T>(derivative, p.size, p.in, p.scalar);
}

}  // namespace gantry
