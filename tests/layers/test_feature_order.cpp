#include "support/catch.hpp"
#include <gantry/gantry.hpp>
#include <gantry/layers/feature_order.hpp>

namespace gantry::test {
namespace {

template <class... Layers>
constexpr diagnosis::OrderProblem problem_of = layers::feature_orders<Sequential<Layers...>>.problem;
template <class A, std::size_t layer>
constexpr layers::LayerOrders orders_of = layers::feature_orders<A>.layers[layer];

using SmallImage = InputShape<4, 5, 2>;
using SmallConvolution = Conv2d<2, 3, Conv2dOptions{.size = 3, .padding = 1}>;
constexpr core::FlatImage flat{20, 3}, plain{};

/// User-defined layers with more or less information about their features.
struct Mish : layers::PlainLayer {
    static constexpr bool keeps_shape = true;
};
struct Sort : layers::PlainLayer {
    template <class X>
    using Output = X;
};
template <layers::FeatureOrder order>
struct Slopes : layers::PlainLayer {
    using Parameters = core::ParameterList<core::Parameter<"weight", Shape<60>, Role::scale>>;
    static constexpr bool keeps_shape = true;
    static constexpr layers::FeatureOrder feature_order = order;
};
struct OwnFlatten : layers::PlainLayer {
    template <class X>
    using Output = Shape<Batch, static_cast<int>(X::sample_size)>;
};
struct CrossedSlopes : layers::PlainLayer {
    template <class X>
    using Output = X;
    using Parameters = core::ParameterList<
        core::Parameter<"weight", Shape<3, 20>, Role::scale, 0, 0, core::FileOrder::as_in_memory>>;
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::kept;
};

}  // namespace

TEST_CASE("The feature order is tracked through layers that keep it", "[layers]") {
    using A = Sequential<SmallImage, Sequential<SmallConvolution, BatchNorm<3>, Flatten>, Mish, BatchNorm<60>,
                         Sequential<Dropout<0.5f>, Dense<60, 60>>, BatchNorm<60>, ReLU, Reshape<10, 2, 3>>;
    STATIC_REQUIRE(layers::feature_orders<A>.problem == diagnosis::OrderProblem::none);
    STATIC_REQUIRE(orders_of<A, 2>.outputs == plain);  // channels of images
    STATIC_REQUIRE(orders_of<A, 3>.outputs == flat);
    STATIC_REQUIRE(orders_of<A, 5>.outputs == flat);
    STATIC_REQUIRE(orders_of<A, 7>.inputs == flat);
    STATIC_REQUIRE(orders_of<A, 7>.outputs == flat);
    STATIC_REQUIRE(orders_of<A, 8>.outputs == flat);
    // There is no image between two Dense layers.
    using B = Sequential<SmallImage, Flatten, Dense<40, 60>, BatchNorm<60>, Dense<60, 6>>;
    STATIC_REQUIRE(orders_of<B, 2>.inputs == core::FlatImage{20, 2});
    STATIC_REQUIRE(orders_of<B, 2>.outputs == plain);
    STATIC_REQUIRE(orders_of<B, 3>.outputs == plain);
    // Images inside a PoolUnpool2d have another size.
    using C = Sequential<InputShape<4, 4, 3>,
                         PoolUnpool2d<Pool2dOptions{.size = 2}, Flatten, Dense<12, 12>, Reshape<2, 2, 3>>>;
    STATIC_REQUIRE(orders_of<C, 3>.inputs == core::FlatImage{4, 3});
    STATIC_REQUIRE(orders_of<C, 3>.outputs == core::FlatImage{4, 3});
    // Three extents, including Batch, are not an image.
    using D = Sequential<Dense<3, 60>, Reshape<20, 3>, Tanh>;
    STATIC_REQUIRE(orders_of<D, 0>.outputs == plain);
}

TEST_CASE("A network without an equivalent PyTorch file is detected", "[layers]") {
    using enum diagnosis::OrderProblem;
    STATIC_REQUIRE(problem_of<SmallImage, Flatten> == other_image);
    STATIC_REQUIRE(problem_of<SmallImage, Flatten, BatchNorm<40>, Tanh> == other_image);
    STATIC_REQUIRE(problem_of<SmallImage, Sequential<Flatten>, Sequential<Reshape<5, 2, 4>>> == other_image);
    STATIC_REQUIRE(problem_of<SmallImage, Flatten, Reshape<4, 10>, Flatten, Dense<40, 2>> == other_image);
    STATIC_REQUIRE(problem_of<InputShape<40>, Reshape<4, 5, 2>, SmallConvolution> == other_image);
    STATIC_REQUIRE(problem_of<SmallConvolution, Flatten, Dense<60, 2>> == image_size);
    STATIC_REQUIRE(problem_of<SmallImage, SmallConvolution, Flatten, Sort, Dense<60, 2>> == layer);
    STATIC_REQUIRE(problem_of<SmallImage, SmallConvolution, Flatten, Slopes<layers::FeatureOrder::unknown>,
                              Dense<60, 2>> == layer);
    STATIC_REQUIRE(problem_of<SmallImage, OwnFlatten, Dense<40, 2>> == layer);
    STATIC_REQUIRE(problem_of<Dense<3, 60>, CrossedSlopes, Dense<60, 2>> == parameter);
    STATIC_REQUIRE(problem_of<Dense<3, 60>, Reshape<20, 3>, BatchNorm<3>> == parameter);

    STATIC_REQUIRE(problem_of<SmallImage, Flatten, Reshape<2, 10, 2>> == none);
    STATIC_REQUIRE(problem_of<InputShape<4, 5, 1>, Flatten> == none);
    STATIC_REQUIRE(
        problem_of<SmallImage, SmallConvolution, Flatten, Slopes<layers::FeatureOrder::kept>, Dense<60, 2>> ==
        none);
    STATIC_REQUIRE(problem_of<Dense<3, 60>, Sort, Dense<60, 2>> == none);
    STATIC_REQUIRE(problem_of<InputShape<4, 5, 1>, OwnFlatten, Dense<20, 2>> == none);
}

}  // namespace gantry::test
