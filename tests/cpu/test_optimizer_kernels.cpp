#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/cpu/optimizers.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

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

/// One launch of an update with moments of `Buffers` (null: absent) against step(buffers of double, i), and
/// with 1, 2 and 3 threads.
template <class F, class Moments, class Step>
void compare(const F& update, const Moments& moments, const Step& step) {
    using T = typename F::scalar;
    for (const std::size_t n : {0u, 1u, 15u, 33u, 50003u}) {
        Buffers<double> expected{Buffers<T>(n)};
        for (std::size_t i = 0; i < n; ++i) step(expected, i);
        const auto run = [&](Cpu& device) {
            Buffers<T> x(n);
            contracts::UpdateParameters<F> p{update, n, x.w.data(), x.g.data()};
            for (std::size_t k = 0; k < moments.size(); ++k)
                if (moments[k]) p.moments[k] = (x.*moments[k]).data();
            launch(device, p);
            return x.all();
        };
        Cpu device;
        CAPTURE(n);
        CHECK(largest_error(run(device), expected.all()) < tolerance<T>);
        CHECK(independent_of_threads(run));
    }
}
template <class T>
using Moment = std::vector<T> Buffers<T>::*;

}  // namespace

TEMPLATE_TEST_CASE("sgd", "[threads]", float, double) {
    using T = TestType;
    for (const bool momentum : {false, true})
        for (const bool nesterov : {false, true})
            for (const bool first : {false, true})
                compare(optim::SgdUpdate<T>({.momentum = momentum ? 0.9 : 0,
                                             .dampening = 0.3,
                                             .weight_decay = 0.01,
                                             .nesterov = nesterov},
                                            0.1, 0.9, first),
                        std::array<Moment<T>, 1>{momentum ? &Buffers<T>::a : nullptr},
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
    // The second update: the corrections are 1 - 0.5^2 and 1 - 0.99^2.
    const auto step = [](bool decoupled, bool optimistic) {
        return [=](Buffers<double>& x, std::size_t i) {
            const double g = x.g[i] + (decoupled ? 0 : 0.02 * x.w[i]);
            if (decoupled) x.w[i] -= 0.1 * 0.02 * x.w[i];
            x.a[i] = 0.5 * x.a[i] + 0.5 * g;
            x.b[i] = 0.99 * x.b[i] + 0.01 * g * g;
            const double u = 0.1 * (x.a[i] / 0.75) / (std::sqrt(x.b[i] / 0.0199) + 1e-3);
            x.w[i] -= optimistic ? 2 * u - x.c[i] : u;
            if (optimistic) x.c[i] = u;
        };
    };
    const AdamOptions options{
        .learning_rate = 0.1, .beta1 = 0.5, .beta2 = 0.99, .epsilon = 1e-3, .weight_decay = 0.02};
    const AdamWOptions decoupled{
        .learning_rate = 0.1, .beta1 = 0.5, .beta2 = 0.99, .epsilon = 1e-3, .weight_decay = 0.02};
    const std::array<Moment<T>, 2> two{&Buffers<T>::a, &Buffers<T>::b};
    compare(optim::AdamUpdate<T>(options, 2), two, step(false, false));
    compare(optim::AdamWUpdate<T>(decoupled, 2), two, step(true, false));
    compare(optim::OptimisticAdamUpdate<T>(options, 2),
            std::array<Moment<T>, 3>{&Buffers<T>::a, &Buffers<T>::b, &Buffers<T>::c}, step(false, true));
}

TEMPLATE_TEST_CASE("rmsprop", "[threads]", float, double) {
    using T = TestType;
    for (const bool centered : {false, true})
        for (const bool momentum : {false, true})
            compare(optim::RmsPropUpdate<T>({.learning_rate = 0.1,
                                             .alpha = 0.9,
                                             .epsilon = 1e-3,
                                             .weight_decay = 0.02,
                                             .momentum = momentum ? 0.8 : 0,
                                             .centered = centered}),
                    std::array<Moment<T>, 3>{&Buffers<T>::b, centered ? &Buffers<T>::a : nullptr,
                                             momentum ? &Buffers<T>::c : nullptr},
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

TEMPLATE_TEST_CASE("lion", "[threads]", float, double) {
    using T = TestType;
    compare(optim::LionUpdate<T>({.learning_rate = 0.1, .beta1 = 0.75, .beta2 = 0.5, .weight_decay = 0.02}),
            std::array<Moment<T>, 1>{&Buffers<T>::a}, [](Buffers<double>& x, std::size_t i) {
                const double direction = 0.75 * x.a[i] + 0.25 * x.g[i];
                const double sign = direction > 0 ? 1 : direction < 0 ? -1 : 0;
                x.w[i] = (1 - 0.1 * 0.02) * x.w[i] - 0.1 * sign;
                x.a[i] = 0.5 * x.a[i] + 0.5 * x.g[i];
            });
    // No direction, no step.
    T w = 1, m = 0;
    optim::LionUpdate<T>({.learning_rate = 0.5})(T{0}, w, m);
    CHECK(w == 1);
}
