// Tensors and Eigen together. Eigen's eigenvectors whiten correlated data (ZCA: Bell and Sejnowski, "The
// independent components of natural scenes are edge filters" (1997)), and a Dense layer learns the same map
// by gradient descent. Nothing is copied between the two: maps show tensors, parameters and gradients as
// matrices.
#include <gantry/eigen.hpp>

#include <cstdio>
#include <exception>

using namespace gantry;

namespace {

constexpr int features = 8, samples = 500;
using Data = Shape<Batch, features>;

void run() {
    Cpu device;
    Network<Sequential<Dense<features, features>>, Cpu> network{device, Seed{1}};
    Sgd optimizer{network, {.learning_rate = 0.5}};
    RandomStream random(Seed{2}, "data");

    // Tensors: correlated data, x = z A.
    const auto z = normal<Data>(device, samples, random);
    const auto mixing = uniform<Shape<features, features>>(device, 0, random, -0.5, 0.5);
    const PersistentTensor x(matmul(z, mixing));

    // Eigen: the whitening matrix V diag(lambda)^-1/2 V^T of the covariance V diag(lambda) V^T.
    const auto data = map(x.get());
    const Eigen::RowVectorXf mean = data.colwise().mean();
    const Eigen::MatrixXf centred = data.rowwise() - mean;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> spectrum(centred.transpose() * centred / samples);
    const Eigen::MatrixXf whitening = spectrum.operatorInverseSqrt();
    const PersistentTensor white(from_eigen<Data>(device, centred * whitening));

    // Tensors: the layer learns to whiten.
    float slope = 0;
    for (int i = 0; i < 2000; ++i) {
        const Step step{device};
        const auto gradients = backward(mse(network(x.get()), white.get()), network);
        slope = map(gradients).norm();
        optimizer.step(gradients);
    }

    std::printf("Condition of the data:      %6.1f\n",
                static_cast<double>(spectrum.eigenvalues()(features - 1) / spectrum.eigenvalues()(0)));
    std::printf("Norm of the last gradient:  %6.4f\n", static_cast<double>(slope));
    std::printf("Error of the learned map:   %6.4f\n",
                static_cast<double>((map(network, "0.weight") - whitening).norm() / whitening.norm()));
}

}  // namespace

int main() {
    try {
        run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
