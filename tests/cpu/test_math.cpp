#include "support/catch.hpp"
#include "support/reference_activation.hpp"
#include <gantry/cpu/simd/activation.hpp>
#include <gantry/cpu/simd/math.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace gantry;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

/// The largest error of a vector function, in ulp of the result, at 200,000 points in the interval and
/// 200,000 near 0.
template <class F, class Expected>
double largest_ulp(const F& f, const Expected& expected, double low, double high) {
    using V = cpu::Vector<float>;
    double largest = 0;
    const auto test = [&](double x) {
        const float at = static_cast<float>(x);
        const double right = expected(static_cast<double>(at));
        const float rounded = static_cast<float>(right);
        const double unit = static_cast<double>(std::nextafter(std::abs(rounded), inf) - std::abs(rounded));
        const V y = f(cpu::splat(at));
        largest = std::max(largest, std::abs(static_cast<double>(y[0]) - right) / unit);
    };
    for (int i = 0; i <= 200000; ++i) {
        const double x = low + (high - low) * i / 200000;
        test(x);
        test(x * 1e-2);
    }
    return largest;
}

template <class V, class F>
auto at(const F& f, double x) {
    const V y = f(math::constant<V>(x));
    if constexpr (std::is_floating_point_v<V>)
        return y;
    else
        return y[cpu::lanes<cpu::Element<V>> - 1];
}

}  // namespace

TEST_CASE("vectors of float: errors in ulp over a sweep") {
    using V = cpu::Vector<float>;
    CHECK(largest_ulp([](V x) { return math::tanh(x); }, [](double x) { return std::tanh(x); }, -12, 12) < 4);
    CHECK(largest_ulp([](V x) { return math::sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); },
                      -87, 30) < 4);
    CHECK(largest_ulp([](V x) { return math::exp(x); }, [](double x) { return std::exp(x); }, -87, 88.7) < 2);
    CHECK(largest_ulp([](V x) { return math::expm1(x); }, [](double x) { return std::expm1(x); }, -30, 88.7) <
          2);
    CHECK(largest_ulp([](V x) { return math::log(x); }, [](double x) { return std::log(x); }, 1e-3, 5) < 2);
    CHECK(largest_ulp([](V x) { return math::log(x); }, [](double x) { return std::log(x); }, 1, 1e38) < 2);
    CHECK(largest_ulp([](V x) { return math::softplus(x); },
                      [](double x) { return std::max(x, 0.) + std::log1p(std::exp(-std::abs(x))); }, -86,
                      86) < 4);
    CHECK(largest_ulp([](V x) { return math::normal_cdf(x); },
                      [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }, -13, 12) < 8);
    CHECK(largest_ulp([](V x) { return math::sqrt(x); }, [](double x) { return std::sqrt(x); }, 1e-3, 100) <=
          0.5001);
}

TEMPLATE_TEST_CASE("limits and NaN", "", float, double, cpu::Vector<float>, cpu::Vector<double>) {
    using V = TestType;
    const auto infinity = static_cast<cpu::Element<V>>(inf);
    const auto tanh = [](V x) { return math::tanh(x); };
    const auto sigmoid = [](V x) { return math::sigmoid(x); };
    const auto exp = [](V x) { return math::exp(x); };
    const auto expm1 = [](V x) { return math::expm1(x); };
    const auto log = [](V x) { return math::log(x); };
    const auto softplus = [](V x) { return math::softplus(x); };
    const auto normal_cdf = [](V x) { return math::normal_cdf(x); };
    const auto sqrt = [](V x) { return math::sqrt(x); };
    const auto abs = [](V x) { return math::abs(x); };
    for (const double huge : {1000., 1e30, static_cast<double>(inf)}) {
        CAPTURE(huge);
        CHECK(at<V>(tanh, huge) == 1);
        CHECK(at<V>(tanh, -huge) == -1);
        CHECK(at<V>(sigmoid, huge) == 1);
        CHECK(at<V>(sigmoid, -huge) == 0);
        CHECK(at<V>(exp, huge) == infinity);
        CHECK(at<V>(exp, -huge) == 0);
        CHECK(at<V>(expm1, huge) == infinity);
        CHECK(at<V>(expm1, -huge) == -1);
        CHECK(at<V>(softplus, huge) == static_cast<cpu::Element<V>>(huge));
        CHECK(at<V>(softplus, -huge) == 0);
        CHECK(at<V>(normal_cdf, huge) == 1);
        CHECK(at<V>(normal_cdf, -huge) == 0);
        CHECK(at<V>(abs, -huge) == static_cast<cpu::Element<V>>(huge));
    }
    CHECK(at<V>(exp, 0) == 1);
    CHECK(at<V>(log, 1) == 0);
    CHECK(at<V>(log, 0) == -infinity);
    CHECK(at<V>(log, static_cast<double>(inf)) == infinity);
    CHECK(std::isnan(at<V>(log, -1)));
    CHECK(std::isnan(at<V>(sqrt, -1)));
    CHECK(std::abs(at<V>(log, 1e-40) - std::log(1e-40)) < 1e-5);  // subnormal in float
    CHECK(std::abs(at<V>(exp, -95) / std::exp(-95.) - 1) < 1e-3);
    CHECK(std::signbit(at<V>(tanh, -0.)));

    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(std::isnan(at<V>(tanh, nan)));
    CHECK(std::isnan(at<V>(sigmoid, nan)));
    CHECK(std::isnan(at<V>(exp, nan)));
    CHECK(std::isnan(at<V>(expm1, nan)));
    CHECK(std::isnan(at<V>(log, nan)));
    CHECK(std::isnan(at<V>(softplus, nan)));
    CHECK(std::isnan(at<V>(normal_cdf, nan)));
    CHECK(std::isnan(at<V>(sqrt, nan)));
    CHECK(std::isnan(at<V>(abs, nan)));
    for (const bool first : {false, true}) {
        const double a = first ? nan : 3, b = first ? 3 : nan;
        CHECK(std::isnan(at<V>([&](V) { return math::max(math::constant<V>(a), math::constant<V>(b)); }, 0)));
        CHECK(std::isnan(at<V>([&](V) { return math::min(math::constant<V>(a), math::constant<V>(b)); }, 0)));
    }
    CHECK(at<V>([](V x) { return math::max(x, math::constant<V>(3)); }, 2) == 3);
    CHECK(at<V>([](V x) { return math::min(x, math::constant<V>(3)); }, 2) == 2);
    CHECK(at<V>([](V x) { return math::select(x > math::constant<V>(1), x, -x); }, 2) == 2);
}

TEMPLATE_TEST_CASE("activate in place, at every length", "", float, double) {
    using T = TestType;
    for (const contracts::Activation a : reference::all_activations())
        for (std::size_t n = 0; n < 40; ++n) {
            std::vector<T> y(n + 1);
            for (std::size_t i = 0; i <= n; ++i) y[i] = static_cast<T>(0.37 * static_cast<double>(i) - 6);
            const std::vector<T> x = y;
            cpu::activate(a, n, y.data());
            CHECK(y[n] == x[n]);  // untouched
            for (std::size_t i = 0; i < n; ++i) {
                const double right = reference::activate(a, static_cast<double>(x[i]));
                CAPTURE(static_cast<int>(a.kind), n, i);
                CHECK(std::abs(static_cast<double>(y[i]) - right) <=
                      std::abs(right) * (sizeof(T) == 4 ? 4e-7 : 1e-14));
            }
        }
}
