#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/gantry.hpp>

#include <vector>

namespace gantry::test {

TEMPLATE_TEST_CASE("tensors from values", "[core]", GANTRY_TEST_DEVICES) {
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

TEMPLATE_TEST_CASE("a number of values that does not match the shape is an error", "[core]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const std::vector<float> numbers{1, 2, 3, 4, 5};
    CHECK_THROWS_WITH((from_host<Shape<Batch, 3>>(device, 2, numbers)),
                      "[from_host] the number of values must match the shape; got 5 for (2, 3)");
    CHECK_THROWS_WITH((from_host<Shape<Batch, 2>>(device, 2, numbers)),
                      "[from_host] the number of values must match the shape; got 5 for (2, 2)");
    CHECK_THROWS_WITH((filled<Shape<Batch, 3>>(device, 0, 1)),
                      "[tensor] the batch size must be at least 1; got 0");
    CHECK_THROWS_WITH((filled<Shape<Batch, 3>>(device, -1, 1)),
                      contains("batch size must be at least 1; got -1"));
}

}  // namespace gantry::test
