#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/cpu/maxout.hpp>
#include <gantry/cpu/softmax.hpp>

#include <algorithm>
#include <limits>

using namespace gantry;
using namespace gantry::test;

TEMPLATE_TEST_CASE("softmax and cross entropy", "[threads]", float, double) {
    using T = TestType;
    for (const std::size_t rows : {0u, 1u, 5u, 700u})
        for (const std::size_t columns : {1u, 2u, 10u, 16u, 37u, 130u}) {
            const std::vector<T> x = random_numbers<T>(rows * columns, "x", -200, 200),
                                 targets = random_numbers<T>(rows * columns, "targets", 0, 1);
            constexpr double scale = 1.0 / 64;
            std::vector<double> y(x.size()), gradient(x.size());
            double loss = 0;
            for (std::size_t r = 0; r < rows; ++r) {
                double largest = -INFINITY, sum = 0, weight = 0;
                for (std::size_t c = 0; c < columns; ++c)
                    largest = std::max(largest, static_cast<double>(x[r * columns + c]));
                for (std::size_t c = 0; c < columns; ++c) {
                    sum += std::exp(static_cast<double>(x[r * columns + c]) - largest);
                    weight += static_cast<double>(targets[r * columns + c]);
                }
                for (std::size_t c = 0; c < columns; ++c) {
                    const double z = static_cast<double>(x[r * columns + c]) - largest;
                    y[r * columns + c] = std::exp(z) / sum;
                    const auto target = static_cast<double>(targets[r * columns + c]);
                    loss += scale * target * (std::log(sum) - z);
                    gradient[r * columns + c] = scale * (y[r * columns + c] * weight - target);
                }
            }
            const auto softmax = [&](Cpu& device) {
                std::vector<T> result(x.size(), T(NAN));
                launch(device, contracts::SoftmaxParameters<T>{rows, columns, x.data(), result.data()});
                return result;
            };
            // The value, followed by the gradient.
            const auto cross_entropy = [&](Cpu& device) {
                std::vector<T> result(1 + x.size(), T(NAN));
                launch(device, contracts::CrossEntropyParameters<T>{rows, columns, x.data(), targets.data(),
                                                                    result.data(), result.data() + 1, scale});
                return result;
            };
            const auto value_alone = [&](Cpu& device) {
                std::vector<T> result(1, T(NAN));
                launch(device, contracts::CrossEntropyParameters<T>{rows, columns, x.data(), targets.data(),
                                                                    result.data(), nullptr, scale});
                return result;
            };
            std::vector<double> expected{loss};
            expected.insert(expected.end(), gradient.begin(), gradient.end());
            Cpu device;
            CAPTURE(rows, columns);
            CHECK(largest_error(softmax(device), y) < tolerance<T>);
            CHECK(largest_error(cross_entropy(device), expected) < tolerance<T>);
            CHECK(value_alone(device)[0] == cross_entropy(device)[0]);
            CHECK(independent_of_threads(softmax));
            CHECK(independent_of_threads(cross_entropy));
        }
}

TEMPLATE_TEST_CASE("softmax and cross entropy of the largest values", "", float, double) {
    using T = TestType;
    constexpr T most = std::numeric_limits<T>::max();
    const std::vector<T> x{most, -most, T{0}}, targets{T{1}, T{0}, T{0}};
    std::vector<T> y(3), loss(1), gradient(3, T(NAN));
    Cpu device;
    launch(device, contracts::SoftmaxParameters<T>{1, 3, x.data(), y.data()});
    launch(device, contracts::CrossEntropyParameters<T>{1, 3, x.data(), targets.data(), loss.data(),
                                                        gradient.data()});
    CHECK(y == std::vector<T>{T{1}, T{0}, T{0}});
    CHECK(loss[0] == T{0});
    CHECK(gradient == std::vector<T>(3));
}

TEMPLATE_TEST_CASE("maxout: select and scatter", "[threads]", float, double) {
    using T = TestType;
    for (const std::size_t rows : {0u, 1u, 300u})
        for (const std::size_t pieces : {1u, 2u, 5u})
            for (const std::size_t columns : {1u, 3u, 16u, 50u}) {
                std::vector<T> x = random_numbers<T>(rows * pieces * columns, "x", -2, 2);
                for (T& v : x) v = std::round(v);  // creates ties
                const std::vector<T> values = random_numbers<T>(x.size(), "values"),
                                     upstream = random_numbers<T>(rows * columns, "upstream");
                std::vector<T> selected(rows * columns), scattered(x.size());
                for (std::size_t r = 0; r < rows; ++r)
                    for (std::size_t c = 0; c < columns; ++c) {
                        const auto at = [&](std::size_t piece) { return (r * pieces + piece) * columns + c; };
                        std::size_t best = 0;
                        for (std::size_t k = 1; k < pieces; ++k)
                            if (x[at(k)] > x[at(best)]) best = k;
                        selected[r * columns + c] = values[at(best)];
                        scattered[at(best)] = upstream[r * columns + c];
                    }
                const auto select = [&](Cpu& device) {
                    std::vector<T> out(rows * columns, T(NAN));
                    launch(device, contracts::MaxoutSelectParameters<T>{rows, pieces, columns, x.data(),
                                                                        values.data(), out.data()});
                    return out;
                };
                const auto scatter = [&](Cpu& device) {
                    std::vector<T> out(x.size(), T(NAN));
                    launch(device, contracts::MaxoutScatterParameters<T>{rows, pieces, columns, x.data(),
                                                                         upstream.data(), out.data()});
                    return out;
                };
                Cpu device;
                CAPTURE(rows, pieces, columns);
                CHECK(same_bits(select(device), selected));
                CHECK(same_bits(scatter(device), scattered));
                CHECK(independent_of_threads(select));
                CHECK(independent_of_threads(scatter));
            }
}
