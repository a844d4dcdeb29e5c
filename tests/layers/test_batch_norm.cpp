#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <type_traits>

namespace gantry::test {

TEMPLATE_TEST_CASE("BatchNorm2d without affine parameters", "[layers]", GANTRY_TEST_DEVICES) {
    using Images = Shape<Batch, 3, 2, 4>;
    using Affine = Sequential<InputShape<3, 2, 4>, BatchNorm2d<4>, LeakyReLU<0.2f>>;
    using NotAffine =
        Sequential<InputShape<3, 2, 4>, BatchNorm2d<4, BatchNormOptions{.affine = false}>, LeakyReLU<0.2f>>;
    STATIC_REQUIRE(Affine::parameter_count == 8);
    STATIC_REQUIRE(NotAffine::parameter_count == 0);
    STATIC_REQUIRE(NotAffine::state_count == 8);
    STATIC_REQUIRE(std::is_same_v<BatchNorm2d<4>, BatchNorm<4>>);
    CHECK(BatchNorm2d<4, BatchNormOptions{.affine = false}>::name() == "BatchNorm 4, not affine");

    TestType device;
    Network<Affine, TestType> affine{device, Seed{1}};  // initially scale 1, shift 0
    Network<NotAffine, TestType> not_affine{device, Seed{1}};
    const Step step{device};
    const auto x = variable(from_host<Images>(device, 5, random_numbers<float>(Images::size(5), "images")));
    const auto y = affine(x), z = not_affine(x);
    CHECK(z.to_host() == y.to_host());
    CHECK(grad(sum(square(z)), x).to_host() == grad(sum(square(y)), x).to_host());
    CHECK(not_affine.states().to_host() == affine.states().to_host());
    CHECK(evaluation(not_affine)(x).to_host() == evaluation(affine)(x).to_host());
}

}  // namespace gantry::test
