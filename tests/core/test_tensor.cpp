#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/gantry.hpp>

#include <vector>

namespace gantry::test {

TEMPLATE_TEST_CASE("tensors from numbers", "[core]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const std::vector<float> numbers{1, 2, 3, 4, 5, 6};
    const auto x = from_host<Shape<Batch, 3>>(device, 2, numbers);
    CHECK(x.to_host() == numbers);
    CHECK(x.batch() == 2);
    CHECK(x.size() == 6);
    CHECK(filled<Shape<2>>(device, 0, 0.5).to_host() == std::vector<float>{0.5, 0.5});
    CHECK(filled<Shape<>, double>(device, 0, 0.1).item() == 0.1);
}

TEMPLATE_TEST_CASE("tensors refuse what does not fill them", "[core]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const std::vector<float> numbers{1, 2, 3, 4, 5};
    CHECK_THROWS_WITH((from_host<Shape<Batch, 3>>(device, 2, numbers)),
                      "[from_host] the numbers must fill the shape; got 5 for (2, 3)");
    CHECK_THROWS_WITH((filled<Shape<Batch, 3>>(device, 0, 1)),
                      "[tensor] a batch has at least one item; got 0");
    CHECK_THROWS_WITH((filled<Shape<Batch, 3>>(device, -1, 1)), contains("at least one item; got -1"));
}

}  // namespace gantry::test
