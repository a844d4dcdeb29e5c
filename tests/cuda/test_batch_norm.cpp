#include "cuda/placed.hpp"

#include <cmath>

using namespace gantry;
using namespace gantry::test;

namespace {

/// All outputs of training, its gradient, and evaluation with the statistics of training.
template <class T, class D>
std::vector<T> everything(D& device, std::size_t rows, std::size_t columns, contracts::Activation a,
                          std::size_t offset) {
    const std::size_t n = rows * columns;
    const auto random = [&](std::size_t size, const char* name, double low, double high) {
        return Placed(device, random_numbers<T>(size, name, low, high), offset);
    };
    const auto unwritten = [&](std::size_t size) {
        return Placed(device, std::vector<T>(size, T(NAN)), offset);
    };
    const auto x = random(n, "x", -1, 1), scale = random(columns, "scale", 0.5, 2),
               shift = random(columns, "shift", -1, 1), upstream = random(n, "upstream", -1, 1),
               running_mean = random(columns, "running", 0, 1),
               running_variance = random(columns, "running", 0, 1);
    const auto y = unwritten(n), mean = unwritten(columns), inverse = unwritten(columns),
               evaluated = unwritten(n), x_gradient = unwritten(n), scale_gradient = unwritten(columns),
               shift_gradient = unwritten(columns);
    launch(device, contracts::BatchNormParameters<T>{
                       rows, columns, x.data(), scale.data(), shift.data(), y.data(), mean.data(),
                       inverse.data(), running_mean.data(), running_variance.data(), 1e-2, 0.1, a});
    contracts::BatchNormGradientParameters<T> gradient{rows,
                                                       columns,
                                                       upstream.data(),
                                                       x.data(),
                                                       scale.data(),
                                                       shift.data(),
                                                       mean.data(),
                                                       inverse.data(),
                                                       x_gradient.data(),
                                                       scale_gradient.data(),
                                                       shift_gradient.data(),
                                                       false,
                                                       a};
    launch(device, gradient);
    gradient.x_gradient = nullptr;  // again, with accumulation
    gradient.accumulate = true;
    launch(device, gradient);
    launch(device, contracts::BatchNormEvaluationParameters<T>{
                       rows, columns, x.data(), scale.data(), shift.data(), running_mean.data(),
                       running_variance.data(), evaluated.data(), 1e-2, a});
    return joined<T>({y.to_host(), mean.to_host(), inverse.to_host(), running_mean.to_host(),
                      running_variance.to_host(), evaluated.to_host(), x_gradient.to_host(),
                      scale_gradient.to_host(), shift_gradient.to_host()});
}

}  // namespace

TEMPLATE_TEST_CASE("cuda: batch norm: training, gradient, evaluation", "", float, double) {
    Cuda device;
    for (const std::size_t columns : {1u, 3u, 4u, 16u, 17u, 48u, 100u, 240u, 1201u})
        for (const std::size_t rows : {5u, 64u, 129u, 1500u, 4099u})
            for (const contracts::Activation a :
                 {contracts::Activation{},
                  contracts::Activation{contracts::ActivationKind::leaky_relu, 0.2}}) {
                if (rows * columns > 100000) continue;
                CAPTURE(rows, columns, a.parameter);
                check_kernel<TestType>(
                    device,
                    [&]<class T>(auto& d, std::size_t offset) {
                        return everything<T>(d, rows, columns, a, offset);
                    },
                    10 * tolerance<TestType>);
            }
}

TEST_CASE("cuda: batch norm: the variance keeps its precision for a large mean") {
    Cuda device;
    for (const bool first_row_differs : {false, true})
        for (const std::size_t columns : {3u, 64u}) {
            const std::size_t rows = 5000;
            auto x = random_numbers<float>(rows * columns, "x", 1e4 - std::sqrt(3.), 1e4 + std::sqrt(3.));
            if (first_row_differs) std::fill_n(x.begin(), columns, 9.9e3f);
            const Placed numbers(device, x), scale(device, std::vector<float>(columns, 1)),
                shift(device, std::vector<float>(columns, 0)), y(device, std::vector<float>(rows * columns)),
                mean(device, std::vector<float>(columns)), inverse(device, std::vector<float>(columns));
            contracts::BatchNormParameters<float> p{rows,         columns,  numbers.data(), scale.data(),
                                                    shift.data(), y.data(), mean.data(),    inverse.data()};
            launch(device, p);
            const auto means = mean.to_host(), inverses = inverse.to_host();
            for (std::size_t c = 0; c < columns; ++c) {
                double exact = 0, variance = 0;
                for (std::size_t r = 0; r < rows; ++r)
                    exact += static_cast<double>(x[r * columns + c]) / 5000;
                for (std::size_t r = 0; r < rows; ++r)
                    variance += std::pow(static_cast<double>(x[r * columns + c]) - exact, 2) / 5000;
                const double deviation = 1 / static_cast<double>(inverses[c]);
                CAPTURE(columns, first_row_differs, c);
                CHECK(std::abs(static_cast<double>(means[c]) - exact) <
                      1e-3);  // the spacing of floats of this size
                CHECK(std::abs(deviation * deviation - variance - 1e-5) < 1e-3 * variance);
            }
        }
}

TEST_CASE("cuda: batch norm: no rows, no columns, no gradients") {
    Cuda device;
    launch(device, contracts::BatchNormParameters<float>{});
    launch(device, contracts::BatchNormEvaluationParameters<float>{});
    launch(device, contracts::BatchNormGradientParameters<float>{});
    const Placed x(device, random_numbers<float>(45, "x")), of_columns(device, std::vector<float>(5, 1));
    launch(device, contracts::BatchNormGradientParameters<float>{9, 5, x.data(), x.data(), of_columns.data(),
                                                                 of_columns.data(), of_columns.data(),
                                                                 of_columns.data()});
    device.synchronize();
}
