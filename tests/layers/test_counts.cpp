#include "support/catch.hpp"
#include <gantry/gantry.hpp>

#include <string>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

// Generators and discriminators of known GANs, with the parameter counts of the originals.
using FluxGenerator = Sequential<Dense<100, 1200>, ReLU, Dense<1200, 1200>, ReLU, Dense<1200, 784>, Tanh>;
using FluxDiscriminator = Sequential<Maxout<Dense<784, 240>, 5>, Maxout<Dense<240, 240>, 5>, Dense<240, 1>>;
using TejpalvGenerator =
    Sequential<Dense<32, 512>, LeakyReLU<0.1f>, Dense<512, 512>, LeakyReLU<0.1f>, Dense<512, 784>, Tanh>;
using TejpalvDiscriminator =
    Sequential<Dense<784, 512>, LeakyReLU<0.1f>, Dense<512, 512>, LeakyReLU<0.1f>, Dense<512, 1>, Sigmoid>;

static_assert(FluxGenerator::parameter_count == 2'503'984);
static_assert(FluxDiscriminator::parameter_count == 1'231'441);
static_assert(TejpalvGenerator::parameter_count == 681'744);
static_assert(TejpalvDiscriminator::parameter_count == 665'089);
using ThreeVectors = core::ParameterList<core::Parameter<"a", Shape<2>, Role::shift>,
                                         core::Parameter<"b", Shape<3>, Role::shift>,
                                         core::Parameter<"c", Shape<4>, Role::shift>>;
static_assert(ThreeVectors::offset<2> == 2 + 3);

using NestedNetwork =
    Sequential<Sequential<Dense<8, 6>, BatchNorm<6>, ReLU>, Dropout<0.5f>,
               Sequential<Dense<6, 4, DenseOptions{.bias = false}>, LeakyReLU<0.2f>>, Reshape<2, 2, 1>>;
static_assert(NestedNetwork::parameter_count == 8 * 6 + 6 + 2 * 6 + 6 * 4);
static_assert(NestedNetwork::state_count == 2 * 6);
static_assert(std::is_same_v<NestedNetwork::Input, Shape<Batch, 8>>);
static_assert(std::is_same_v<NestedNetwork::Output<NestedNetwork::Input>, Shape<Batch, 2, 2, 1>>);

// A network's input shape follows from the first layer that defines it, unless an earlier layer changes the
// shape.
static_assert(std::is_same_v<Sequential<Dropout<0.5f>, BatchNorm<8>, Dense<8, 6>>::Input, Shape<Batch, 8>>);
static_assert(std::is_same_v<Sequential<Flatten, Dense<8, 6>>::Input, core::AnyShape>);
static_assert(std::is_same_v<Sequential<Conv2d<1, 2, Conv2dOptions{.size = 3}>, Flatten, Dense<8, 6>>::Input,
                             core::AnyShape>);

/// A custom layer that says nothing about its result's shape.
struct FirstHalf : layers::PlainLayer {
    static std::string name() { return "FirstHalf"; }
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return crop<1, static_cast<int>(X::shape::sample_size / 2)>(x, 0);
    }
};
static_assert(std::is_same_v<Sequential<Dense<3, 8>, FirstHalf, Dense<4, 2>>::Output<Shape<Batch, 3>>,
                             Shape<Batch, 2>>);
static_assert(std::is_same_v<Sequential<FirstHalf>::Output<core::AnyShape>, core::AnyShape>);

}  // namespace

TEST_CASE("cost of a forward pass", "[layers]") {
    using layers::cost;
    CHECK(cost<FluxGenerator>().flops ==
          2 * (100 * 1200 + 1200 * 1200 + 1200 * 784) + 1200 + 1200 + 784 + 1200 + 1200 + 784);
    // Activations are fused into the product: one value per output of a Dense.
    CHECK(cost<FluxGenerator>().bytes == (1200 + 1200 + 784) * sizeof(float));
    CHECK(cost<FluxGenerator, double>().bytes == (1200 + 1200 + 784) * sizeof(double));
    // Maxout keeps its pieces and their maximum.
    CHECK(cost<FluxDiscriminator>().bytes == (2 * 6 * 240 + 1) * sizeof(float));

    using Image = Shape<Batch, 4, 4, 3>;
    CHECK(cost<Conv2d<3, 5, Conv2dOptions{.size = 2}>, float, Image>().flops ==
          3 * 3 * 5 * (2 * 2 * 2 * 3 + 1));
    CHECK(cost<Conv2d<3, 6, Conv2dOptions{.size = 2, .groups = 3, .bias = false}>, float, Image>().flops ==
          3 * 3 * 6 * 2 * 2 * 2);
    CHECK(cost<Conv2d<3, 5, Conv2dOptions{.size = 2, .bias = false}>, float, Image>().flops ==
          3 * 3 * 5 * 2 * 2 * 2 * 3);
    CHECK(cost<Sequential<Flatten, Dense<8, 6>>>().flops == 0);  // the shape of its input is unknown
}

TEST_CASE("summary of a network", "[layers]") {
    const auto row = [](const std::string& layer, const std::string& output, const std::string& parameters,
                        const std::string& operations, const std::string& bytes) {
        const auto spaces = [](std::size_t width, const std::string& text) {
            return std::string(width - text.size(), ' ');
        };
        return layer + spaces(64, layer) + output + spaces(24, output) + spaces(14, parameters) + parameters +
               spaces(18, operations) + operations + spaces(20, bytes) + bytes + '\n';
    };
    CHECK(NestedNetwork::summary() ==
          row("layer", "output", "parameters", "FLOPs per sample", "bytes per sample") +
              row("0.0  Dense 8 -> 6", "(Batch, 6)", "54", "102", "24") +
              row("0.1  BatchNorm 6", "(Batch, 6)", "12", "48", "24") +
              row("0.2  ReLU", "(Batch, 6)", "0", "6", "0") +  // fused, so without memory
              row("1  Dropout 0.5", "(Batch, 6)", "0", "6", "24") +
              row("2.0  Dense 6 -> 4, no bias", "(Batch, 4)", "24", "48", "16") +
              row("2.1  LeakyReLU 0.2", "(Batch, 4)", "0", "4", "0") +
              row("3  Reshape", "(Batch, 2, 2, 1)", "0", "0", "0") + row("total", "", "90", "214", "88"));
}

TEST_CASE("names of layers state their options, vertical before horizontal", "[layers]") {
    CHECK(Conv2d<1, 2, Conv2dOptions{.size = 3, .padding = core::PerAxis{1, 2}}>::name().ends_with(
        " padding 1x2"));
    CHECK(Upsample<core::PerAxis{1, 3}>::name() == "Upsample 1x3");
}

TEST_CASE("names, order and layouts of parameters match PyTorch", "[layers]") {
    const auto parameters = NestedNetwork::parameters();
    struct Expected {
        std::string name;
        std::size_t layer, offset;
        core::FileOrder order;
        Role role;
        core::Extents extents;
        int fan_in, fan_out;
    };
    const std::vector<Expected> expected{
        {"0.0.weight", 0, 0, core::FileOrder::transposed, Role::weight, {2, {8, 6}}, 8, 6},
        {"0.0.bias", 0, 48, core::FileOrder::as_in_memory, Role::bias, {1, {6}}, 8, 6},
        {"0.1.weight", 0, 54, core::FileOrder::as_in_memory, Role::scale, {1, {6}}, 0, 0},
        {"0.1.bias", 0, 60, core::FileOrder::as_in_memory, Role::shift, {1, {6}}, 0, 0},
        {"2.0.weight", 2, 66, core::FileOrder::transposed, Role::weight, {2, {6, 4}}, 6, 4}};
    REQUIRE(parameters.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const core::ParameterInfo& info = parameters[i];
        const Expected& e = expected[i];
        CAPTURE(info.name);
        CHECK(info.name == e.name);
        CHECK(info.layer == e.layer);
        CHECK(info.offset == e.offset);
        CHECK(info.file_order == e.order);
        CHECK(info.role == e.role);
        CHECK(info.extents == e.extents);
        CHECK(info.fan_in == e.fan_in);
        CHECK(info.fan_out == e.fan_out);
    }
    const auto states = NestedNetwork::states();
    REQUIRE(states.size() == 2);
    CHECK(states[0].name == "0.1.running_mean");
    CHECK(states[1].name == "0.1.running_var");
    CHECK(states[1].offset == 6);
}

}  // namespace gantry::test
