#include "gan/objectives.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/cpu/cpu.hpp>
#include <gantry/grad/gradcheck.hpp>
#include <gantry/tensor/tensor.hpp>

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

using namespace gantry;
using namespace gantry::gan;
using gantry::test::contains;

namespace {

using Outputs = Shape<Batch, 1>;
const std::vector<double> real_outputs{-2, 0.5, 3}, fake_outputs{-40, -1, 0.25};

template <class F>
double mean_of(const std::vector<double>& x, const F& f) {
    double sum = 0;
    for (const double value : x) sum += f(value);
    return sum / static_cast<double>(x.size());
}
double log_sigmoid(double x) { return -std::log1p(std::exp(-x)); }
double half_square(double x) { return x * x / 2; }

bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * (1 + std::abs(b)); }

/// Losses of the discriminator and the generator for the outputs above.
template <class D, class Objective>
std::pair<double, double> losses(const Objective& objective) {
    D device;
    const Step step{device};
    const auto real = from_host<Outputs>(device, 3, real_outputs);
    const auto fake = from_host<Outputs>(device, 3, fake_outputs);
    if constexpr (requires { objective.compares(); })
        if (objective.compares())
            return {objective.discriminator(real, fake).item(), objective.generator(real, fake).item()};
    if constexpr (requires { objective.generator(fake); })
        return {objective.discriminator(real, fake).item(), objective.generator(fake).item()};
    else
        return {objective.discriminator(real, fake).item(), objective.generator(real, fake).item()};
}

template <class D, class Objective>
void check_gradients(const Objective& objective) {
    D device;
    const auto discriminator = [&](auto real, auto fake) { return objective.discriminator(real, fake); };
    const auto generator = [&](auto fake) { return objective.generator(fake); };
    const ops::GradcheckOptions options{.batch = 5, .low = -2, .high = 2};
    const auto of_discriminator = gradcheck<Outputs, Outputs>(device, discriminator, options);
    INFO(of_discriminator.message);
    CHECK(of_discriminator.passed);
    const auto of_generator = gradcheck<Outputs>(device, generator, options);
    INFO(of_generator.message);
    CHECK(of_generator.passed);
}
template <class D, class Objective>
void check_comparing_gradients(const Objective& objective) {
    D device;
    const auto discriminator = [&](auto real, auto fake) { return objective.discriminator(real, fake); };
    const auto generator = [&](auto real, auto fake) { return objective.generator(real, fake); };
    const ops::GradcheckOptions options{.batch = 5, .low = -2, .high = 2};
    for (const auto& check : {gradcheck<Outputs, Outputs>(device, discriminator, options),
                              gradcheck<Outputs, Outputs>(device, generator, options)}) {
        INFO(check.message);
        CHECK(check.passed);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("The values of objectives match their formulas", "", GANTRY_TEST_DEVICES) {
    const double log_d = mean_of(real_outputs, log_sigmoid);
    const double log_not_d = mean_of(fake_outputs, [](double x) { return log_sigmoid(-x); });

    SECTION("minimax: the discriminator minimises -V, the generator V's second part") {
        const auto [discriminator, generator] = losses<TestType>(Minimax{});
        CHECK(close(discriminator, -log_d - log_not_d));
        CHECK(close(generator, log_not_d));
    }
    SECTION("non-saturating: the generator maximises log D(G(z))") {
        const auto [discriminator, generator] = losses<TestType>(NonSaturating{});
        CHECK(close(discriminator, -log_d - log_not_d));
        CHECK(close(generator, -mean_of(fake_outputs, log_sigmoid)));
    }
    SECTION("one-sided label smoothing changes the real term only") {
        const double smoothed =
            mean_of(real_outputs, [](double x) { return 0.9 * log_sigmoid(x) + 0.1 * log_sigmoid(-x); });
        CHECK(close(losses<TestType>(NonSaturating{{0.9}}).first, -smoothed - log_not_d));
        CHECK(close(losses<TestType>(Minimax{{0.9}}).first, -smoothed - log_not_d));
        CHECK(losses<TestType>(NonSaturating{{0.9}}).second == losses<TestType>(NonSaturating{}).second);
    }
    SECTION("least squares") {
        const auto [discriminator, generator] = losses<TestType>(LeastSquares{{}, 0.9});
        CHECK(close(discriminator, mean_of(real_outputs, [](double x) { return half_square(x - 0.9); }) +
                                       mean_of(fake_outputs, half_square)));
        CHECK(close(generator, mean_of(fake_outputs, [](double x) { return half_square(x - 1); })));
    }
    SECTION("hinge") {
        const auto [discriminator, generator] = losses<TestType>(Hinge{});
        CHECK(close(discriminator, mean_of(real_outputs, [](double x) { return std::max(0.0, 1 - x); }) +
                                       mean_of(fake_outputs, [](double x) { return std::max(0.0, 1 + x); })));
        CHECK(close(generator, -mean_of(fake_outputs, [](double x) { return x; })));
    }
    SECTION("Wasserstein") {
        const auto [discriminator, generator] = losses<TestType>(Wasserstein{});
        const double real = mean_of(real_outputs, std::identity{});
        const double fake = mean_of(fake_outputs, std::identity{});
        CHECK(close(discriminator, fake - real));
        CHECK(close(generator, -fake));
    }
    SECTION("relativistic pairing") {
        const auto [discriminator, generator] = losses<TestType>(RelativisticPairing{});
        double of_discriminator = 0, of_generator = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            of_discriminator -= log_sigmoid(real_outputs[i] - fake_outputs[i]) / 3;
            of_generator -= log_sigmoid(fake_outputs[i] - real_outputs[i]) / 3;
        }
        CHECK(close(discriminator, of_discriminator));
        CHECK(close(generator, of_generator));
    }
    SECTION("relativistic average") {
        const auto [discriminator, generator] = losses<TestType>(RelativisticAverage{});
        const double real = mean_of(real_outputs, std::identity{});
        const double fake = mean_of(fake_outputs, std::identity{});
        const auto loss = [&](const auto& high, double low_mean, const auto& low, double high_mean) {
            return -mean_of(high, [&](double x) { return log_sigmoid(x - low_mean); }) -
                   mean_of(low, [&](double x) { return log_sigmoid(high_mean - x); });
        };
        CHECK(close(discriminator, loss(real_outputs, fake, fake_outputs, real)));
        CHECK(close(generator, loss(fake_outputs, real, real_outputs, fake)));
    }
}

TEMPLATE_TEST_CASE("The gradients of objectives match their values", "", GANTRY_TEST_DEVICES) {
    check_gradients<TestType>(Minimax{{0.9}});
    check_gradients<TestType>(NonSaturating{{0.9}});
    check_gradients<TestType>(LeastSquares{{}, 0.9});
    check_gradients<TestType>(Hinge{});
    check_gradients<TestType>(Wasserstein{});
    check_comparing_gradients<TestType>(RelativisticPairing{});
    check_comparing_gradients<TestType>(RelativisticAverage{});
}

TEST_CASE("AnyObjective selects an objective by its name", "") {
    for (const auto name : AnyObjective::names) {
        CAPTURE(name);
        const auto chosen = losses<Cpu>(AnyObjective(name));
        CHECK(chosen == (name == "minimax"                ? losses<Cpu>(Minimax{})
                         : name == "non-saturating"       ? losses<Cpu>(NonSaturating{})
                         : name == "least-squares"        ? losses<Cpu>(LeastSquares{})
                         : name == "wasserstein"          ? losses<Cpu>(Wasserstein{})
                         : name == "relativistic-pairing" ? losses<Cpu>(RelativisticPairing{})
                         : name == "relativistic-average" ? losses<Cpu>(RelativisticAverage{})
                                                          : losses<Cpu>(Hinge{})));
    }
    CHECK(losses<Cpu>(AnyObjective("minimax", 0.9)) == losses<Cpu>(Minimax{{0.9}}));
    CHECK_THROWS_WITH(AnyObjective("maximin"), contains("[objective] must be minimax"));
    CHECK_THROWS_WITH(AnyObjective("minimax", 0), contains("must be in (0, 1]; got 0"));
    CHECK_THROWS_WITH(AnyObjective("minimax", NAN), contains("must be in (0, 1]; got nan"));
    CHECK_THROWS_WITH(AnyObjective("hinge", 0.9),
                      contains("label smoothing applies to minimax, non-saturating and least-squares"));
}

TEST_CASE("Logits so large that sigmoid is exactly 0 or 1 give finite losses and gradients", "") {
    Cpu device;
    const Step step{device};
    const std::vector<float> huge{-1e4f, 1e4f};
    const auto outputs = variable(from_host<Outputs>(device, 2, huge));
    for (const auto& loss : {Minimax{}.generator(outputs), NonSaturating{}.generator(outputs),
                             Minimax{}.discriminator(outputs, outputs)}) {
        CHECK(std::isfinite(loss.item()));
        for (const float g : grad(loss, outputs).to_host()) CHECK(std::isfinite(g));
    }
}
