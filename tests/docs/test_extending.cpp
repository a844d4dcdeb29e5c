// The code of docs/extending.md: CMake extracts the blocks marked `cpp`, in order, as files.
#include <gantry/gantry.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <support/catch.hpp>

using namespace gantry;

namespace extending {
#include <extending_1.hpp>  // a function
#include <extending_2.hpp>  // a network
#include <extending_3.hpp>  // initial values
#include <extending_4.hpp>  // a layer
#include <extending_5.hpp>  // a layer with a state
#include <extending_6.hpp>  // a layer around another
#include <extending_7.hpp>  // an elementwise op
#include <extending_8.hpp>  // losses over parameters
#include <extending_9.hpp>  // the cost of a step
}  // namespace extending

TEST_CASE("the code of docs/extending.md works") {
    using namespace extending;
    Cpu device;
    RandomStream noise(Seed{1}, "noise");
    SECTION("function and elementwise op") {
        const Step step{device};
        const auto x = variable(normal<Shape<Batch, 5>, double>(device, 3, noise));
        CHECK(std::abs(mean(square(rms_norm(x))).item() - 1) < 1e-6);
        const auto y = cube(x);
        CHECK(y.to_host()[1] == x.to_host()[1] * x.to_host()[1] * x.to_host()[1]);
        const auto second = grad(sum(grad(sum(y), x, {.create_graph = true})), x);
        CHECK(std::abs(second.to_host()[2] - 6 * x.to_host()[2]) < 1e-12);
    }
    SECTION("network") {
        Network<LabelledCritic, Cpu> critic{device, Seed{1}};
        Adam adam{critic, {}};
        const Step step{device};
        const auto images = normal<Shape<Batch, 16, 16, 3>>(device, 3, noise);
        const auto labels = from_host<Shape<Batch>>(device, 3, std::vector<std::int32_t>{3, 1, 4});
        CHECK(critic(images, labels).to_host().size() == 3);
        adam.step(backward(mean(critic(images, labels)), critic));
        CHECK(decltype(critic)::Architecture::summary().find("embed  Embedding 10 -> 32") !=
              std::string::npos);
    }
    SECTION("initial values") {
        Network<ResidualBlock, Cpu> block{device, Seed{1}};
        const Step step{device};
        const auto x = normal<Shape<Batch, 4, 4, 16>>(device, 2, noise);
        CHECK(evaluation(block)(x).to_host() == x.to_host());
        CHECK(block.parameter("conv1.weight").to_host()[0] != 0);
    }
    SECTION("layers") {
        Network<Sequential<Dense<4, 6>, FeatureScale<6>, RunningScale>, Cpu> network{device, Seed{1}};
        CHECK(network.parameter("1.weight").to_host() == std::vector<float>(6, 1));
        const Step step{device};
        const auto x = normal<Shape<Batch, 4>>(device, 3, noise);
        backward(mean(square(network(x))), network);
        CHECK(network.parameter("2.scale").to_host()[0] != 1);
        CHECK(evaluation(network)(x).to_host().size() == 18);
    }
    SECTION("a layer around another") {
        Network<Centred<Conv2d<2, 3, Conv2dOptions{.size = 4}>>, Cpu, double> network{device, Seed{1}};
        const auto bias = network.parameter("0.bias").to_host();
        const auto y = evaluation(network)(filled<Shape<Batch, 4, 4, 2>, double>(device, 1, 5)).to_host();
        CHECK(std::abs(y[0] + y[1] + y[2] - bias[0] - bias[1] - bias[2]) < 1e-12);
        CHECK(y != bias);
    }
    SECTION("losses over parameters") {
        Network<Sequential<Dense<4, 3>, Tanh, Dense<3, 2>>, Cpu> network{device, Seed{1}};
        const Step step{device};
        const auto x = normal<Shape<Batch, 4>>(device, 3, noise);
        backward(unrolled_loss(network, x, 0.1) + 1e-3 * squared_weights(network), network);
        CHECK(unrolled_loss(network, x, 0.1).item() < mean(square(network(x))).item());
    }
    SECTION("cost") {
        const StepCost one = cost_of_update(1), two = cost_of_update(2);
        CHECK(two.persistent_bytes == 4 * Network<LabelledCritic, Cpu>::parameter_count * sizeof(float));
        CHECK(one.persistent_bytes == two.persistent_bytes);
        CHECK(one.step_bytes < two.step_bytes);
        CHECK(one.flops < two.flops);
    }
}
