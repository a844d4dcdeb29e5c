#include "support/numbers.hpp"
#include "support/catch.hpp"
#include <gantry/cpu/optimizers.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

/// An optimizer's buffers: weights, gradient and up to three moments, nonnegative where a square root is
/// taken.
template <class T>
struct Buffers {
    std::vector<T> w, g, a, b, c;

    explicit Buffers(std::size_t n)
        : w(random_numbers<T>(n, "w")),
          g(random_numbers<T>(n, "g")),
          a(random_numbers<T>(n, "a")),
          b(random_numbers<T>(n, "b", 1.1, 2)),
          c(random_numbers<T>(n, "c")) {}

    std::vector<T> all() const {
        std::vector<T> result;
        for (const auto* part : {&w, &a, &b, &c}) result.insert(result.end(), part->begin(), part->end());
        return result;
    }
    template <class U>
    explicit Buffers(const Buffers<U>& other)
        : w(other.w.begin(), other.w.end()),
          g(other.g.begin(), other.g.end()),
          a(other.a.begin(), other.a.end()),
          b(other.b.begin(), other.b.end()),
          c(other.c.begin(), other.c.end()) {}
};

/// Compares launch_step(device, buffers) with step(buffers of double, i), with 1, 2 and 3 threads.
template <class T, class Launch, class Step>
void compare(const Launch& launch_step, const Step& step) {
    for (const std::size_t n : {0u, 1u, 15u, 33u, 50003u}) {
        Buffers<double> expected{Buffers<T>(n)};
        for (std::size_t i = 0; i < n; ++i) step(expected, i);
        const auto run = [&](Cpu& device) {
            Buffers<T> buffers(n);
            launch_step(device, buffers);
            return buffers.all();
        };
        Cpu device;
        CAPTURE(n);
        CHECK(largest_error(run(device), expected.all()) < tolerance<T>);
        CHECK(independent_of_threads(run));
    }
}

}  // namespace

TEMPLATE_TEST_CASE("sgd", "[threads]", float, double) {
    using T = TestType;
    for (const bool momentum : {false, true})
        for (const bool nesterov : {false, true})
            for (const bool first : {false, true})
                compare<T>(
                    [&](Cpu& device, Buffers<T>& x) {
                        launch(device, SgdParameters<T>{x.w.size(), x.w.data(), x.g.data(),
                                                        momentum ? x.a.data() : nullptr, 0.1, 0.9, 0.3, 0.01,
                                                        nesterov, first});
                    },
                    [&](Buffers<double>& x, std::size_t i) {
                        double step = x.g[i] + 0.01 * x.w[i];
                        if (momentum) {
                            const double v = first ? step : 0.9 * x.a[i] + 0.7 * step;
                            x.a[i] = v;
                            step = nesterov ? step + 0.9 * v : v;
                        }
                        x.w[i] -= 0.1 * step;
                    });
}

TEMPLATE_TEST_CASE("adam, adamw, optimistic adam", "[threads]", float, double) {
    using T = TestType;
    for (const bool decoupled : {false, true})
        for (const bool optimistic : {false, true})
            compare<T>(
                [&](Cpu& device, Buffers<T>& x) {
                    launch(device, AdamParameters<T>{x.w.size(), x.w.data(), x.g.data(), x.a.data(),
                                                     x.b.data(), optimistic ? x.c.data() : nullptr, 0.1, 0.5,
                                                     0.99, 1e-3, 0.02, decoupled, 0.75, 0.0199});
                },
                [&](Buffers<double>& x, std::size_t i) {
                    const double g = x.g[i] + (decoupled ? 0 : 0.02 * x.w[i]);
                    if (decoupled) x.w[i] -= 0.1 * 0.02 * x.w[i];
                    x.a[i] = 0.5 * x.a[i] + 0.5 * g;
                    x.b[i] = 0.99 * x.b[i] + 0.01 * g * g;
                    const double u = 0.1 * (x.a[i] / 0.75) / (std::sqrt(x.b[i] / 0.0199) + 1e-3);
                    x.w[i] -= optimistic ? 2 * u - x.c[i] : u;
                    if (optimistic) x.c[i] = u;
                });
}

TEMPLATE_TEST_CASE("rmsprop", "[threads]", float, double) {
    using T = TestType;
    for (const bool centered : {false, true})
        for (const bool momentum : {false, true})
            compare<T>(
                [&](Cpu& device, Buffers<T>& x) {
                    launch(device,
                           RmsPropParameters<T>{x.w.size(), x.w.data(), x.g.data(), x.b.data(),
                                                centered ? x.a.data() : nullptr,
                                                momentum ? x.c.data() : nullptr, 0.1, 0.9, 1e-3, 0.8, 0.02});
                },
                [&](Buffers<double>& x, std::size_t i) {
                    const double g = x.g[i] + 0.02 * x.w[i];
                    x.b[i] = 0.9 * x.b[i] + 0.1 * g * g;
                    double variance = x.b[i];
                    if (centered) {
                        x.a[i] = 0.9 * x.a[i] + 0.1 * g;
                        variance -= x.a[i] * x.a[i];
                    }
                    double step = g / (std::sqrt(variance) + 1e-3);
                    if (momentum) x.c[i] = step += 0.8 * x.c[i];
                    x.w[i] -= 0.1 * step;
                });
}
