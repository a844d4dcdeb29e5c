#pragma once
#include <gantry/contracts/resampling.hpp>
#include <gantry/eigen/device.hpp>

namespace gantry {

namespace eigen::detail {
/// The matrix (result pixels, source pixels) of one axis.
inline Matrix<double> resampling_matrix(const contracts::FirAxis& axis, const contracts::FirFilter& filter) {
    Matrix<double> m = Matrix<double>::Zero(axis.result(), axis.source());
    for (int r = 0; r < axis.result(); ++r)
        for (int n = 0; n < axis.terms(r); ++n)
            if (const auto [source, tap] = axis.term(r, n); source >= 0) m(r, source) += filter.taps[tap];
    return m;
}
}  // namespace eigen::detail

/// y = V x H^T for each image and channel.
template <class T>
void launch(EigenCpu&, const contracts::ResamplingParameters<T>& p) {
    using eigen::Index;
    using eigen::Matrix;
    const Matrix<double> v = eigen::detail::resampling_matrix(p.vertical(), p.filter),
                         h = eigen::detail::resampling_matrix(p.horizontal(), p.filter);
    const auto channels = static_cast<Index>(p.channels);
    const Index source_row = h.cols() * channels, result_row = h.rows() * channels;
    for (Index n = 0; n < static_cast<Index>(p.images); ++n) {
        const Eigen::Map<const Matrix<T>> x(p.x + n * v.cols() * source_row, v.cols(), source_row);
        const Matrix<double> rows = v * x.template cast<double>();
        for (Index r = 0; r < v.rows(); ++r) {
            const Eigen::Map<const Matrix<double>> row(rows.data() + r * source_row, h.cols(), channels);
            Eigen::Map<Matrix<T>>(p.y + (n * v.rows() + r) * result_row, h.rows(), channels) =
                (h * row).template cast<T>();
        }
    }
}

}  // namespace gantry
