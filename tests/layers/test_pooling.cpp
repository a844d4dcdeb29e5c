#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

using Images = Shape<Batch, 8, 13, 3>;
constexpr Pool2dOptions pairs{.size = 2}, wide{.size = {1, 3}, .stride = {1, 2}, .padding = {0, 1}};
constexpr Conv2dOptions same_size{.size = 3, .padding = 1};

// Shapes, operations and memory.
template <class L>
using OutputForImages = typename Sequential<L>::template Output<Images>;
static_assert(std::is_same_v<OutputForImages<MaxPool2d<pairs>>, Shape<Batch, 4, 6, 3>>);
static_assert(std::is_same_v<OutputForImages<AvgPool2d<wide>>, Shape<Batch, 8, 7, 3>>);
static_assert(std::is_same_v<OutputForImages<Upsample<2>>, Shape<Batch, 16, 26, 3>>);
static_assert(std::is_same_v<OutputForImages<Upsample<core::PerAxis{1, 3}>>, Shape<Batch, 8, 39, 3>>);
static_assert(std::is_same_v<OutputForImages<GlobalAvgPool2d>, Shape<Batch, 3>>);
static_assert(std::is_same_v<OutputForImages<FirUpsample<1, 3, 3, 1>>, Shape<Batch, 16, 26, 3>>);
static_assert(std::is_same_v<OutputForImages<BilinearUpsample>, Shape<Batch, 16, 26, 3>>);
static_assert(std::is_same_v<OutputForImages<PoolUnpool2d<wide, ReLU>>, Images>);
// As in PyTorch, padding is at most half of the window.
static_assert(gantry::ops::is_valid(Pool2dOptions{.size = 2, .padding = 1}));
static_assert(!gantry::ops::is_valid(Pool2dOptions{.size = 2, .padding = 2}));

template <class D>
auto images(D& device) {
    return from_host<Images>(device, 4, random_numbers<float>(Images::size(4), "images"));
}
template <class L, class D>
auto layer_of(D& device) {
    Network<Sequential<InputShape<8, 13, 3>, L>, D> network{device, Seed{1}};
    return network(images(device)).to_host();
}

// Two levels of an encoder-decoder, and the inner layers of each as a separate Sequential.
using Middle = Sequential<Conv2d<2, 4, same_size>,
                          PoolUnpool2d<wide, Conv2d<4, 4, same_size>, BatchNorm<4>, LeakyReLU<0.2f>>,
                          ConvTranspose2d<4, 2, same_size>>;
using Whole =
    Sequential<Conv2d<3, 2, same_size>,
               PoolUnpool2d<pairs, Conv2d<2, 4, same_size>,
                            PoolUnpool2d<wide, Conv2d<4, 4, same_size>, BatchNorm<4>, LeakyReLU<0.2f>>,
                            ConvTranspose2d<4, 2, same_size>>,
               Dropout<0.3f>>;

}  // namespace

TEMPLATE_TEST_CASE("pooling layers call their ops", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = images(device);
    CHECK(layer_of<MaxPool2d<wide>>(device) == max_pool2d<wide>(x).result.to_host());
    CHECK(layer_of<AvgPool2d<wide>>(device) == avg_pool2d<wide>(x).to_host());
    CHECK(layer_of<Upsample<core::PerAxis{1, 3}>>(device) == upsample<core::PerAxis{1, 3}>(x).to_host());
    CHECK(layer_of<GlobalAvgPool2d>(device) == global_avg_pool2d(x).to_host());
    CHECK(layer_of<FirUpsample<1, 3, 3, 1>>(device) == fir_upsample<1, 3, 3, 1>(x).to_host());
    CHECK(layer_of<BilinearUpsample>(device) == bilinear_upsample(x).to_host());
    CHECK(layer_of<Sequential<BilinearUpsample, FirDownsample<1, 2.5, 1>>>(device) ==
          fir_downsample<1, 2.5, 1>(bilinear_upsample(x)).to_host());
}

TEST_CASE("layers that resample by 2: names and cost", "[layers]") {
    using A = Sequential<InputShape<4, 6, 2>, FirUpsample<1, 2.5, 1>, FirDownsample<1, 3, 3, 1>>;
    CHECK(FirUpsample<1, 2.5, 1>::name() == "FirUpsample 1 2.5 1");
    CHECK(FirDownsample<1, 3, 3, 1>::name() == "FirDownsample 1 3 3 1");
    CHECK(layers::cost<A>().flops == 2 * (4 * 6 * 2) * (3 * 3 + 4 * 4));
}

TEMPLATE_TEST_CASE("PoolUnpool2d unpools with its own switches", "[layers]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Whole, TestType> network{device, Seed{1}};
    Network<Sequential<Conv2d<3, 2, same_size>>, TestType> first{device, Seed{1}};
    Network<Middle, TestType> middle{device, Seed{1}};
    const auto all = network.parameters().to_host();
    const auto border = all.begin() + static_cast<std::ptrdiff_t>(first.parameter_count);
    first.parameters().from_host(std::vector<float>(all.begin(), border));
    middle.parameters().from_host(std::vector<float>(border, all.end()));

    const Step step{device};
    const auto x = images(device);
    const auto [pooled, switches] = max_pool2d<pairs>(evaluation(first)(x));
    const auto expected = max_unpool2d(evaluation(middle)(pooled), switches).to_host();
    CHECK(evaluation(network)(x).to_host() == expected);

    // Training updates the inner states and dropout, and all parameters have gradients.
    const auto states = network.states().to_host();
    const auto loss = sum(square(network(x)));
    CHECK(network.states().to_host() != states);
    backward(loss, network);
    const auto gradients = network.gradients().to_host();
    for (const core::ParameterInfo& info : Whole::parameters()) {
        INFO(info.name);
        const auto begin = gradients.begin() + static_cast<std::ptrdiff_t>(info.offset);
        CHECK(std::any_of(begin, begin + static_cast<std::ptrdiff_t>(info.extents.size()),
                          [](float g) { return g != 0; }));
    }
}

TEST_CASE("cost of pooling layers", "[layers]") {
    using layers::cost;
    CHECK(cost<MaxPool2d<pairs>, float, Images>().flops == 4 * 4 * 6 * 3);
    CHECK(cost<MaxPool2d<pairs>, float, Images>().bytes == 2 * 4 * 6 * 3 * 4);  // as many switches
    CHECK(cost<GlobalAvgPool2d, float, Images>().bytes == 3 * 4);
    // Pooled images with their switches, the result of the inner layer, and images again.
    CHECK(cost<PoolUnpool2d<pairs, Conv2d<3, 3, Conv2dOptions{.size = 1}>>, float, Images>().bytes ==
          (2 * 4 * 6 * 3 + 4 * 6 * 3 + 8 * 13 * 3) * 4);
}

TEST_CASE("names and summary of nested PoolUnpool2d", "[layers]") {
    std::vector<std::string> names;
    for (const core::ParameterInfo& info : Whole::parameters()) names.push_back(info.name);
    CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "1.0.weight", "1.0.bias", "1.1.0.weight",
                                            "1.1.0.bias", "1.1.1.weight", "1.1.1.bias", "1.2.weight",
                                            "1.2.bias"});
    const auto states = Whole::states();
    REQUIRE(states.size() == 2);
    CHECK(states[0].name == "1.1.1.running_mean");
    CHECK(Whole::parameters()[4].layer == 1);

    std::string rows;
    for (const auto& row : Whole::summary_rows<Images>())
        rows += row.layer + ' ' + row.output + ' ' + std::to_string(row.parameters) + '\n';
    CHECK(rows ==
          "0  Conv2d 3 -> 2, 3x3 padding 1 (Batch, 8, 13, 2) 56\n"
          "1  MaxPool2d 2x2 (Batch, 4, 6, 2) 0\n"
          "1.0  Conv2d 2 -> 4, 3x3 padding 1 (Batch, 4, 6, 4) 76\n"
          "1.1  MaxPool2d 1x3 stride 1x2 padding 0x1 (Batch, 4, 3, 4) 0\n"
          "1.1.0  Conv2d 4 -> 4, 3x3 padding 1 (Batch, 4, 3, 4) 148\n"
          "1.1.1  BatchNorm 4 (Batch, 4, 3, 4) 8\n"
          "1.1.2  LeakyReLU 0.2 (Batch, 4, 3, 4) 0\n"
          "1.1  MaxUnpool2d (Batch, 4, 6, 4) 0\n"
          "1.2  ConvTranspose2d 4 -> 2, 3x3 padding 1 (Batch, 4, 6, 2) 74\n"
          "1  MaxUnpool2d (Batch, 8, 13, 2) 0\n"
          "2  Dropout 0.3 (Batch, 8, 13, 2) 0\n");
    STATIC_REQUIRE(Whole::parameter_count == 56 + 76 + 148 + 8 + 74);
    STATIC_REQUIRE(Whole::state_count == 8);
}

}  // namespace gantry::test
