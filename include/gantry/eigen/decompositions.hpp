#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/parameter.hpp>
#include <gantry/eigen/device.hpp>
#include <gantry/network/network.hpp>

#include <string>
#include <vector>

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>

namespace gantry {

namespace eigen {
/// The singular values of one weight.
struct SingularValues {
    std::string name;        ///< the weight's: "0.weight"
    Eigen::VectorXd values;  ///< largest first; the first is the spectral norm
};
}  // namespace eigen

/// The singular values of each weight of a network on any device, computed in double on the host. A weight is
/// the matrix (in, out) of a Dense layer, or (height width in, out) of a convolution. They show whether a
/// discriminator is close to orthogonal, and which of a generator's layers has collapsed.
template <layers::AnyNetwork Net>
std::vector<eigen::SingularValues> singular_values(const Net& network) {
    std::vector<eigen::SingularValues> all;
    for (const core::ParameterInfo& info : Net::Architecture::parameters()) {
        if (info.role != Role::weight) continue;
        const auto elements = network.parameter(info.name).to_host();
        const Eigen::Index columns = info.extents.last();
        const Eigen::Map<const eigen::Matrix<typename Net::scalar>> weight(
            elements.data(), static_cast<Eigen::Index>(elements.size()) / columns, columns);
        all.push_back(
            {info.name, Eigen::BDCSVD<Eigen::MatrixXd>(weight.template cast<double>()).singularValues()});
    }
    return all;
}

/// Frechet distance between the normal distributions with the means and covariances of two sets of samples,
/// one sample per row:
///     |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a^1/2 C_b C_a^1/2)^1/2)
/// with unbiased covariances. Errors: different numbers of columns, or fewer than two samples. Source: Dowson
/// and Landau, "The Frechet distance between multivariate normal distributions" (1982); of features of images
/// it is the FID of Heusel et al. (2017).
template <class A, class B>
double frechet_distance(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b) {
    if (a.cols() != b.cols() || a.rows() < 2 || b.rows() < 2)
        fail("frechet_distance", "two sets of at least two samples must have the same number of features",
             a.rows(), " x ", a.cols(), " and ", b.rows(), " x ", b.cols());
    const auto covariance = [](Eigen::MatrixXd x) -> Eigen::MatrixXd {
        x.rowwise() -= x.colwise().mean().eval();
        return x.transpose() * x / static_cast<double>(x.rows() - 1);
    };
    using Solver = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>;
    const Eigen::MatrixXd x = a.template cast<double>(), y = b.template cast<double>();
    const Eigen::MatrixXd of_x = covariance(x), of_y = covariance(y);
    // Rounding can make zero eigenvalues negative.
    const Solver spectrum(of_x);
    const Eigen::MatrixXd root = spectrum.eigenvectors() *
                                 spectrum.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal() *
                                 spectrum.eigenvectors().transpose();
    const Solver product(root * of_y * root, Eigen::EigenvaluesOnly);
    return (x.colwise().mean() - y.colwise().mean()).squaredNorm() + of_x.trace() + of_y.trace() -
           2 * product.eigenvalues().cwiseMax(0).cwiseSqrt().sum();
}

}  // namespace gantry
