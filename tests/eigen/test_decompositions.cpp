#include "support/catch.hpp"
#include "support/eigen_kernels.hpp"
#include "support/svd.hpp"
#include <gantry/eigen.hpp>

#include <cmath>

using namespace gantry;
using namespace gantry::test;

namespace {

Eigen::MatrixXd normal_samples(int count, int features) {
    EigenCpu device;
    RandomStream stream(Seed{3}, "samples");
    return map(normal<Shape<Batch, 4>, double>(device, count * features / 4, stream))
        .reshaped<Eigen::RowMajor>(count, features);
}

}  // namespace

TEST_CASE("Singular values of a network's weights", "[eigen]") {
    Cpu device;
    Network<Sequential<Conv2d<3, 2, Conv2dOptions{.size = 1}>, Flatten, Dense<8, 4>, ReLU, Dense<4, 6>>, Cpu>
        network{device, Seed{1}};
    map(network, "0.weight") << 3, 0, 0, -4, 0, 0;
    map(network, "4.weight").setZero();
    network.parameters_overwritten();
    const auto all = singular_values(network);
    REQUIRE(all.size() == 3);
    CHECK(all[0].name == "0.weight");
    CHECK(all[0].values.isApprox(Eigen::Vector2d(4, 3), 1e-12));
    CHECK(all[1].values.size() == 4);
    const double squares = map(network, "2.weight").cast<double>().squaredNorm();
    CHECK(std::abs(all[1].values.squaredNorm() - squares) < 1e-12);
    CHECK(all[2].name == "4.weight");
    CHECK(all[2].values.isZero());
}

TEST_CASE("the power method of SpectralNorm finds the largest singular value", "[eigen]") {
    constexpr Conv2dOptions window{.size = 3, .padding = 1};
    constexpr SpectralNormOptions often{.iterations = 5};
    Cpu device;
    Network<Sequential<InputShape<4, 4, 3>, SpectralNorm<Conv2d<3, 8, window>, often>, GlobalAvgPool2d,
                       SpectralNorm<Dense<8, 6>, often>>,
            Cpu, double>
        network{device, Seed{1}};
    const auto sigma = [&](const eigen::SingularValues& weight) {
        const std::string layer = weight.name.substr(0, weight.name.find('.'));
        const auto w = network.parameter(weight.name).to_host(),
                   u = network.parameter(layer + ".weight_u").to_host(),
                   v = network.parameter(layer + ".weight_v").to_host();
        double sum = 0;
        for (std::size_t i = 0; i < v.size(); ++i)
            for (std::size_t o = 0; o < u.size(); ++o) sum += v[i] * w[i * u.size() + o] * u[o];
        return sum;
    };
    const auto all = singular_values(network);
    REQUIRE(all.size() == 2);
    for (const eigen::SingularValues& weight : all) CHECK(sigma(weight) < 0.9 * weight.values[0]);
    for (int i = 0; i < 60; ++i) {
        const Step step{device};
        static_cast<void>(network(filled<Shape<Batch, 4, 4, 3>, double>(device, 1, 1)));
    }
    for (const eigen::SingularValues& weight : all) {
        CAPTURE(weight.name);
        CHECK(std::abs(sigma(weight) - weight.values[0]) < 1e-12);
    }
}

TEST_CASE("Orthogonal initialisation gives equal singular values", "[eigen]") {
    Cpu device;
    Network<Sequential<Dense<200, 200>, Dense<200, 50>, Dense<50, 300>>, Cpu, double> network{device,
                                                                                              Seed{1}};
    RandomStream stream(Seed{2}, "test");
    initialize(network, Role::weight, Orthogonal{1.5}, stream);
    for (const eigen::SingularValues& weight : singular_values(network)) {
        CAPTURE(weight.name);
        CHECK((weight.values.array() - 1.5).abs().maxCoeff() < 1e-11);
    }
}

TEST_CASE("The Frechet distance of normal samples", "[eigen]") {
    const Eigen::MatrixXd x = normal_samples(400, 5);
    CHECK(std::abs(frechet_distance(x, x)) < 1e-9);
    // Another mean; another scale: |m|^2 and (2 - 1)^2 tr C.
    CHECK(std::abs(frechet_distance(x, (x.array() + 2).matrix()) - 20) < 1e-9);
    const Eigen::MatrixXd centred = x.rowwise() - x.colwise().mean();
    const double trace = centred.squaredNorm() / 399;
    CHECK(std::abs(frechet_distance(centred, 2 * centred) - trace) < 1e-9);
    // Degenerate covariances; scalars of float.
    CHECK(frechet_distance(Eigen::MatrixXf::Zero(3, 5), Eigen::MatrixXf::Ones(4, 5)) == 5);
    CHECK_THROWS_WITH(frechet_distance(x, x.leftCols(4)), contains("got 400 x 5 and 400 x 4"));
    CHECK_THROWS_WITH(frechet_distance(x, x.topRows(1)), contains("at least two samples"));
}
