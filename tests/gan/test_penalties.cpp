#include "gan/penalties.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/gantry.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

using namespace gantry;
using namespace gantry::gan;
using gantry::test::contains;

namespace {

// D(x) = sum of x_i^3 / 3 has the gradient x_i^2, and its squared norm is sum of x_i^4.
struct Cubic {
    template <AnyTensor X>
    auto operator()(const X& x) const {
        return sum_per_sample(x * x * x) / 3.0;
    }
};
using Points = Shape<Batch, 2>;
const std::vector<double> real_points{1, 2, 0.5, -1, 0, 0}, fake_points{-1, 0.25, 3, 1, 0, 0};

double squared_norm(double x, double y) { return x * x * x * x + y * y * y * y; }
double mean_squared_norm(const std::vector<double>& points) {
    double sum = 0;
    for (std::size_t i = 0; i < points.size(); i += 2) sum += squared_norm(points[i], points[i + 1]);
    return 2 * sum / static_cast<double>(points.size());
}

template <class D, class Penalty>
double penalty_of(const Penalty& penalty, Seed seed = {}) {
    D device;
    const Step step{device};
    RandomStream stream(seed, "penalty");
    const Cubic cubic;
    return penalty(cubic, from_host<Points>(device, 3, real_points),
                   from_host<Points>(device, 3, fake_points), stream)
        .item();
}

}  // namespace

TEMPLATE_TEST_CASE("The values of penalties match their formulas", "", GANTRY_TEST_DEVICES) {
    CHECK(penalty_of<TestType>(R1{3}) == Approx(1.5 * mean_squared_norm(real_points)));
    CHECK(penalty_of<TestType>(R2{3}) == Approx(1.5 * mean_squared_norm(fake_points)));
    CHECK(penalty_of<TestType>(R1AndR2{3}) ==
          Approx(1.5 * (mean_squared_norm(real_points) + mean_squared_norm(fake_points))));

    // At one random point on the line of each pair. The last pair has the gradient 0.
    TestType device;
    const Step step{device};
    RandomStream stream(Seed{4}, "penalty");
    const auto t = uniform<Shape<Batch>, double>(device, 3, stream, 0, 1).to_host();
    double two_sided = 0, one_sided = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto point = [&](std::size_t j) {
            return (1 - t[i]) * fake_points[2 * i + j] + t[i] * real_points[2 * i + j];
        };
        const double above = std::sqrt(squared_norm(point(0), point(1))) - 1;
        two_sided += above * above / 3;
        one_sided += above > 0 ? above * above / 3 : 0;
    }
    CHECK(penalty_of<TestType>(GradientPenalty{10}, Seed{4}) == Approx(10 * two_sided));
    CHECK(penalty_of<TestType>(GradientPenalty{10, true}, Seed{4}) == Approx(10 * one_sided));
    CHECK(two_sided > one_sided);
}

TEMPLATE_TEST_CASE("The derivatives of penalties with respect to parameters match differences", "",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Sequential<Dense<2, 8>, Tanh, Dense<8, 1>>, TestType, double> network{device, Seed{1}};
    const auto real = [&] { return from_host<Points>(device, 3, real_points); };
    const auto fake = [&] { return from_host<Points>(device, 3, fake_points); };
    for (const auto& name : AnyPenalty::names) {
        CAPTURE(name);
        const AnyPenalty penalty(name, 2);
        if (!penalty.active()) continue;
        std::vector<double> gradients;
        {
            const Step step{device};
            RandomStream stream(Seed{4}, "penalty");
            backward(penalty(network, real(), fake(), stream), network);
            gradients = network.gradients().to_host();
        }
        const std::vector<double> parameters = network.parameters().to_host();
        const auto value = [&](std::size_t i, double change) {
            std::vector<double> moved = parameters;
            moved[i] += change;
            network.parameters().from_host(moved);
            const Step step{device};
            RandomStream stream(Seed{4}, "penalty");
            return penalty(network, real(), fake(), stream).item();
        };
        constexpr double change = 1e-5;
        for (const std::size_t i : {0, 5, 13, 17, 23, 31}) {
            CAPTURE(i);
            CHECK(gradients[i] ==
                  Approx((value(i, change) - value(i, -change)) / (2 * change)).margin(1e-8).epsilon(1e-5));
        }
        network.parameters().from_host(parameters);
    }
}

TEST_CASE("A gradient of 0 has a finite gradient penalty with finite derivatives", "") {
    Cpu device;
    Network<Sequential<Dense<2, 1>>, Cpu> network{device, Seed{1}};
    network.parameters().from_host(std::vector<float>(network.parameters().size(), 0));
    const Step step{device};
    RandomStream stream(Seed{4}, "penalty");
    const auto points = filled<Points>(device, 3, 0.5);
    const auto penalty = GradientPenalty{}(network, points, points, stream);
    CHECK(penalty.item() == 10);
    backward(penalty, network);
    for (const float g : network.gradients().to_host()) CHECK(g == 0);
}

TEST_CASE("AnyPenalty selects a penalty by its name", "") {
    for (const auto& name : AnyPenalty::names) {
        CAPTURE(name);
        const AnyPenalty penalty(name, 3);
        CHECK(penalty.active() == (name != "none"));
        if (!penalty.active()) continue;
        const double expected = name == "gradient"             ? penalty_of<Cpu>(GradientPenalty{3})
                                : name == "one-sided-gradient" ? penalty_of<Cpu>(GradientPenalty{3, true})
                                : name == "r1"                 ? penalty_of<Cpu>(R1{3})
                                : name == "r2"                 ? penalty_of<Cpu>(R2{3})
                                                               : penalty_of<Cpu>(R1AndR2{3});
        CHECK(penalty_of<Cpu>(penalty) == expected);
    }
    CHECK_THROWS_WITH(AnyPenalty("l2"), contains("[penalty] must be none, gradient"));
    CHECK_THROWS_WITH(AnyPenalty("r1", -1), contains("the weight must be at least 0; got -1"));
    CHECK_THROWS_WITH(AnyPenalty("r1", NAN), contains("got nan"));
}
