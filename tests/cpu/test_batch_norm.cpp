#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/cpu/batch_norm.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

/// Inputs and outputs of the three kernels, and the expected values in plain double.
template <class T>
struct Case {
    std::size_t rows, columns;
    contracts::Activation activation;
    std::vector<T> x, scale, shift, upstream, running;
    std::vector<double> y, mean, variance, x_gradient, scale_gradient, shift_gradient;

    Case(std::size_t r, std::size_t c, contracts::Activation a)
        : rows(r),
          columns(c),
          activation(a),
          x(random_numbers<T>(r * c, "x")),
          scale(random_numbers<T>(c, "scale", 0.5, 2)),
          shift(random_numbers<T>(c, "shift")),
          upstream(random_numbers<T>(r * c, "upstream")),
          running(random_numbers<T>(c, "running", 0, 1)),
          y(r * c),
          mean(c),
          variance(c),
          x_gradient(r * c),
          scale_gradient(c),
          shift_gradient(c) {
        const double n = static_cast<double>(rows);
        const double slope = a.kind == contracts::ActivationKind::leaky_relu ? a.parameter : 1;
        for (std::size_t j = 0; j < columns; ++j) {
            const auto value = [&](const std::vector<T>& v, std::size_t i) {
                return static_cast<double>(v[i * columns + j]);
            };
            for (std::size_t i = 0; i < rows; ++i) mean[j] += value(x, i) / n;
            for (std::size_t i = 0; i < rows; ++i) variance[j] += std::pow(value(x, i) - mean[j], 2) / n;
            const double inverse = 1 / std::sqrt(variance[j] + 1e-5), g = static_cast<double>(scale[j]);
            const auto normal = [&](std::size_t i) { return (value(x, i) - mean[j]) * inverse; };
            const auto z = [&](std::size_t i) { return normal(i) * g + static_cast<double>(shift[j]); };
            const auto d = [&](std::size_t i) { return value(upstream, i) * (z(i) > 0 ? 1 : slope); };
            for (std::size_t i = 0; i < rows; ++i) {
                y[i * columns + j] = z(i) > 0 ? z(i) : slope * z(i);
                shift_gradient[j] += d(i);
                scale_gradient[j] += d(i) * normal(i);
            }
            for (std::size_t i = 0; i < rows; ++i)
                x_gradient[i * columns + j] =
                    g * inverse * (d(i) - shift_gradient[j] / n - normal(i) * scale_gradient[j] / n);
        }
    }
};

/// y, mean, rstd, running mean, running variance, concatenated.
template <class T>
std::vector<T> forward(Cpu& device, const Case<T>& t) {
    const std::size_t n = t.rows * t.columns, c = t.columns;
    std::vector<T> out(n + 4 * c, T(NAN));
    T* const at = out.data() + n;
    std::copy(t.running.begin(), t.running.end(), at + 2 * c);
    std::copy(t.running.begin(), t.running.end(), at + 3 * c);
    launch(device, contracts::BatchNormParameters<T>{t.rows, c, t.x.data(), t.scale.data(), t.shift.data(),
                                                     out.data(), at, at + c, at + 2 * c, at + 3 * c, 1e-5,
                                                     0.1, t.activation});
    return out;
}

/// Gradients by x, scale and shift, concatenated; the last two accumulated twice.
template <class T>
std::vector<T> gradient(Cpu& device, const Case<T>& t, const std::vector<T>& result) {
    const std::size_t n = t.rows * t.columns, c = t.columns;
    std::vector<T> out(n + 2 * c, T(NAN));
    contracts::BatchNormGradientParameters<T> p{t.rows,
                                                c,
                                                t.upstream.data(),
                                                t.x.data(),
                                                t.scale.data(),
                                                t.shift.data(),
                                                result.data() + n,
                                                result.data() + n + c,
                                                out.data(),
                                                out.data() + n,
                                                out.data() + n + c,
                                                false,
                                                t.activation};
    launch(device, p);
    p.x_gradient = nullptr;
    p.accumulate = true;
    launch(device, p);
    return out;
}

std::vector<double> twice(std::vector<double> v) {
    for (double& number : v) number *= 2;
    return v;
}
template <class T>
std::vector<T> part(const std::vector<T>& v, std::size_t first, std::size_t count) {
    const auto begin = v.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

TEMPLATE_TEST_CASE("batch norm: training, gradient, evaluation", "[threads]", float, double) {
    using T = TestType;
    Cpu device{{.threads = 2}};
    for (const std::size_t columns : {1u, 3u, 16u, 17u, 48u, 100u, 240u, 1201u})
        for (const std::size_t rows : {2u, 5u, 64u, 129u, 1500u})
            for (const contracts::Activation a :
                 {contracts::Activation{},
                  contracts::Activation{contracts::ActivationKind::leaky_relu, 0.2}}) {
                if (rows * columns > 400000) continue;
                CAPTURE(rows, columns, a.parameter);
                const Case<T> t(rows, columns, a);
                const std::size_t n = rows * columns;
                // Nearly constant rows of x amplify rounding errors: a coarser tolerance for few rows.
                const double coarse = (rows < 10 ? 100 : 10) * tolerance<T>;

                const std::vector<T> result = forward(device, t);
                CHECK(largest_error(part(result, 0, n), t.y) < coarse);
                CHECK(largest_error(part(result, n, columns), t.mean) < tolerance<T>);
                std::vector<double> running_mean(columns), running_variance(columns);
                for (std::size_t c = 0; c < columns; ++c) {
                    const double unbiased =
                        t.variance[c] * static_cast<double>(rows) / static_cast<double>(rows - 1);
                    running_mean[c] = 0.9 * static_cast<double>(t.running[c]) + 0.1 * t.mean[c];
                    running_variance[c] = 0.9 * static_cast<double>(t.running[c]) + 0.1 * unbiased;
                }
                CHECK(largest_error(part(result, n + 2 * columns, columns), running_mean) < tolerance<T>);
                CHECK(largest_error(part(result, n + 3 * columns, columns), running_variance) < tolerance<T>);
                CHECK(independent_of_threads([&](Cpu& d) { return forward(d, t); }));

                const std::vector<T> out = gradient(device, t, result);
                CHECK(largest_error(part(out, n, columns), twice(t.scale_gradient)) < 5 * coarse);
                CHECK(largest_error(part(out, n + columns, columns), twice(t.shift_gradient)) < coarse);
                if (rows > 2) CHECK(largest_error(part(out, 0, n), t.x_gradient) < 5 * coarse);
                CHECK(independent_of_threads([&](Cpu& d) { return gradient(d, t, result); }));

                std::vector<T> mean(t.mean.begin(), t.mean.end()),
                    variance(t.variance.begin(), t.variance.end()), y(n, T(NAN));
                launch(device, contracts::BatchNormEvaluationParameters<T>{
                                   rows, columns, t.x.data(), t.scale.data(), t.shift.data(), mean.data(),
                                   variance.data(), y.data(), 1e-5, a});
                CHECK(largest_error(y, t.y) < coarse);
            }
}

TEST_CASE("batch norm: the variance keeps its precision for a large mean") {
    Cpu device;
    for (const bool first_row_differs : {false, true})
        for (const std::size_t columns : {3u, 64u, 70u}) {
            const std::size_t rows = 20000;
            Case<float> t(1, columns, {});
            t.rows = rows;
            t.x = random_numbers<float>(rows * columns, "x", 1e4 - std::sqrt(3.), 1e4 + std::sqrt(3.));
            if (first_row_differs) std::fill_n(t.x.begin(), columns, 9.9e3f);
            const std::vector<float> result = forward(device, t);
            for (std::size_t c = 0; c < columns; ++c) {
                double mean = 0, variance = 0;
                for (std::size_t r = 0; r < rows; ++r) mean += static_cast<double>(t.x[r * columns + c]);
                mean /= static_cast<double>(rows);
                for (std::size_t r = 0; r < rows; ++r)
                    variance += std::pow(static_cast<double>(t.x[r * columns + c]) - mean, 2);
                variance /= static_cast<double>(rows);
                const double deviation = 1 / static_cast<double>(result[rows * columns + columns + c]);
                CAPTURE(columns, first_row_differs, c, mean, variance);
                CHECK(std::abs(static_cast<double>(result[rows * columns + c]) - mean) < 2e-3);
                CHECK(std::abs(deviation * deviation - variance - 1e-5) < 1e-3 * variance);
            }
        }
}

TEST_CASE("batch norm: no rows, no columns, no gradients") {
    Cpu device;
    launch(device, contracts::BatchNormParameters<float>{});
    launch(device, contracts::BatchNormEvaluationParameters<float>{});
    launch(device, contracts::BatchNormGradientParameters<float>{});
    const Case<float> t(9, 5, {});
    const std::vector<float> result = forward(device, t);
    launch(device, contracts::BatchNormGradientParameters<float>{9, 5, t.upstream.data(), t.x.data(),
                                                                 t.scale.data(), t.shift.data(),
                                                                 result.data() + 45, result.data() + 50});
}
