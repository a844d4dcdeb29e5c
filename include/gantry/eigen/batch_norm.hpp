#pragma once
#include <gantry/contracts/batch_norm.hpp>
#include <gantry/eigen/activation.hpp>
#include <gantry/eigen/device.hpp>

namespace gantry {
namespace eigen::detail {

/// A row per column of a batch norm, in double; null: zeros.
template <class T>
Row<double> statistics(const T* data, std::size_t columns) {
    if (!data) return Row<double>::Zero(static_cast<Index>(columns));
    return row(data, columns).template cast<double>();
}

/// y = activation(scale normalised + shift). Overwrites `normalised`.
template <class P>
void scale_and_shift(const P& p, Table<double>& normalised) {
    normalised.rowwise() *= statistics(p.scale, p.columns);
    finish(normalised, p.shift, p.activation);
    table(p.y, p.rows, p.columns) = normalised.template cast<std::remove_pointer_t<decltype(p.y)>>();
}

}  // namespace eigen::detail

template <class T, class Sum, class Parameter>
void launch(EigenCpu&, const contracts::BatchNormParameters<T, Sum, Parameter>& p) {
    using Statistics = eigen::Row<double>;
    eigen::Table<double> x = eigen::table(p.x, p.rows, p.columns).template cast<double>();
    const double n = static_cast<double>(p.rows);
    const Statistics mean = x.colwise().mean();
    x.rowwise() -= mean;
    const Statistics variance = x.square().colwise().mean();
    const Statistics rstd = (variance + p.epsilon).rsqrt();
    x.rowwise() *= rstd;
    eigen::detail::scale_and_shift(p, x);

    const auto result = [&p](auto* data) { return eigen::row(data, p.columns); };
    result(p.mean) = mean.template cast<Sum>();
    result(p.rstd) = rstd.template cast<Sum>();
    if (p.mean_rest)
        result(p.mean_rest) = (mean - result(p.mean).template cast<double>()).template cast<Sum>();
    const auto follow = [&](Parameter* running, const Statistics& batch) {
        result(running) +=
            (p.momentum * (batch - result(running).template cast<double>())).template cast<Parameter>();
    };
    if (p.running_mean) {
        follow(p.running_mean, mean);
        follow(p.running_variance, variance * (n / (n - 1)));
    }
}

template <class T, class Parameter>
void launch(EigenCpu&, const contracts::BatchNormEvaluationParameters<T, Parameter>& p) {
    eigen::Table<double> x = eigen::table(p.x, p.rows, p.columns).template cast<double>();
    x.rowwise() -= eigen::detail::statistics(p.mean, p.columns);
    x.rowwise() *= (eigen::detail::statistics(p.variance, p.columns) + p.epsilon).rsqrt().eval();
    eigen::detail::scale_and_shift(p, x);
}

template <class T, class Sum, class Parameter>
void launch(EigenCpu&, const contracts::BatchNormGradientParameters<T, Sum, Parameter>& p) {
    using Statistics = eigen::Row<double>;
    const Statistics scale = eigen::detail::statistics(p.scale, p.columns),
                     shift = eigen::detail::statistics(p.shift, p.columns),
                     rstd = eigen::detail::statistics(p.rstd, p.columns),
                     mean = eigen::detail::statistics(p.mean, p.columns) +
                            eigen::detail::statistics(p.mean_rest, p.columns);
    eigen::Table<double> normalised = eigen::table(p.x, p.rows, p.columns).template cast<double>();
    normalised.rowwise() -= mean;
    normalised.rowwise() *= rstd;
    eigen::Table<double> d = eigen::table(p.upstream, p.rows, p.columns).template cast<double>();
    if (p.activation.kind != contracts::ActivationKind::identity)  // it keeps the sign, on which f' depends
        d *= ((normalised.rowwise() * scale).rowwise() + shift).unaryExpr([a = p.activation](double y) {
            return eigen::derivative(a, y);
        });

    const Statistics sum_d = d.colwise().sum(), sum_dn = (d * normalised).colwise().sum();
    const auto put = [&p](T* gradient, Statistics sum) {
        if (!gradient) return;
        auto result = eigen::row(gradient, p.columns);
        if (p.accumulate) sum += result.template cast<double>();
        result = sum.template cast<T>();
    };
    put(p.scale_gradient, sum_dn);
    put(p.shift_gradient, sum_d);
    if (!p.x_gradient) return;
    const double n = static_cast<double>(p.rows);
    normalised.rowwise() *= (sum_dn / n).eval();
    d -= normalised;
    d.rowwise() -= (sum_d / n).eval();
    d.rowwise() *= (scale * rstd).eval();
    eigen::table(p.x_gradient, p.rows, p.columns) = d.template cast<T>();
}

}  // namespace gantry
