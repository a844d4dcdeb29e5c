#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/losses.hpp>

#include <cmath>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

struct Mix {
    double factor;
    template <class V>
    V operator()(V x, V y, V z) const {
        return math::tanh(x) * math::constant<V>(factor) + y * z;
    }
};
struct ItSelf {
    template <class V>
    V operator()(V x) const {
        return x;
    }
};

}  // namespace

TEMPLATE_TEST_CASE("elementwise: any size, scalar inputs, in place", "[threads]", float, double) {
    using T = TestType;
    Cpu device{{.threads = 2}};
    for (const std::size_t n : {0u, 1u, 7u, 16u, 33u, 1000u, 40001u}) {
        std::vector<T> x = random_numbers<T>(n, "x", -3, 3);
        const std::vector<T> y = random_numbers<T>(n, "y");
        const T z = T{0.75};
        std::vector<double> expected(n);
        for (std::size_t i = 0; i < n; ++i)
            expected[i] = std::tanh(static_cast<double>(x[i])) * 0.3 + static_cast<double>(y[i]) * 0.75;
        launch(device, contracts::ElementwiseParameters<Mix, T, 3>{
                           {0.3}, n, x.data(), {x.data(), y.data(), &z}, {false, false, true}});
        CAPTURE(n);
        CHECK(largest_error(x, expected) < tolerance<T>);
    }
}

TEMPLATE_TEST_CASE("elementwise: results depend neither on position nor on threads", "[threads]", float,
                   double) {
    using T = TestType;
    const std::size_t n = 100003;
    const std::vector<T> x(n, T(0.3)), y(n, T(-1.7)), z(n, T(0.9));
    const auto run = [&](Cpu& device) {
        std::vector<T> out(n);
        launch(device, contracts::ElementwiseParameters<Mix, T, 3>{
                           {0.3}, n, out.data(), {x.data(), y.data(), z.data()}, {}});
        return out;
    };
    CHECK(independent_of_threads(run));
    Cpu device;
    CHECK(same_bits(run(device), std::vector<T>(n, run(device)[0])));
}

TEMPLATE_TEST_CASE("map_sum: any size, and the same bits with any number of threads", "[threads]", float,
                   double) {
    using T = TestType;
    for (const std::size_t n : {0u, 1u, 5u, 17u, 2048u, 4097u, 100001u, 1100003u}) {
        const std::vector<T> x = random_numbers<T>(n, "x", 0.5, 1.5);
        double expected = 0;
        for (const T v : x) expected += static_cast<double>(v) * 0.25;
        const auto run = [&](Cpu& device) {
            std::vector<T> out{T(NAN)};
            launch(device, contracts::TransformReduceParameters<ItSelf, T, 1>{
                               {}, n, out.data(), {x.data()}, {}, 0.25});
            return out;
        };
        Cpu device;
        CAPTURE(n);
        CHECK(std::abs(static_cast<double>(run(device)[0]) - expected) <= tolerance<T> * expected);
        CHECK(independent_of_threads(run));
    }
}

TEMPLATE_TEST_CASE("loss: value and derivative of any size, with the same bits with any number of threads",
                   "[threads]", float, double) {
    using T = TestType;
    for (const std::size_t n : {0u, 1u, 17u, 2049u, 100001u}) {
        const std::vector<T> x = random_numbers<T>(n, "x", -3, 3), t = random_numbers<T>(n, "t", 0, 1);
        std::vector<double> expected(1);
        for (std::size_t i = 0; i < n; ++i) {
            const double z = static_cast<double>(x[i]), target = static_cast<double>(t[i]);
            expected[0] += 0.01 * (std::log1p(std::exp(z)) - target * z);
            expected.push_back(0.01 * (1 / (1 + std::exp(-z)) - target));
        }
        const auto run = [&](Cpu& device) {
            std::vector<T> out(1 + n, T(NAN));
            launch(device, contracts::LossParameters<ops::BceWithLogits, T, 2>{
                               {}, n, out.data(), out.data() + 1, {x.data(), t.data()}, {}, 0.01});
            return out;
        };
        Cpu device;
        CAPTURE(n);
        CHECK(largest_error(run(device), expected) <= tolerance<T>);
        CHECK(independent_of_threads(run));
    }
}
