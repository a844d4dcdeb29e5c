#include "support/op_check.hpp"

#include <cmath>
#include <vector>

namespace gantry::test {

TEMPLATE_TEST_CASE("dropout", "[ops]", GANTRY_TEST_DEVICES) {
    // Each sample has a separate mask, so single samples cannot be compared.
    check_op<TestType, Shape<Batch, 19>>("dropout",
                                         [](const auto& x) {
                                             RandomStream stream(Seed{4}, "dropout");
                                             return square(dropout(x, 0.4, stream));
                                         },
                                         {.singles = Singles::not_checked});
}

TEMPLATE_TEST_CASE("dropout keeps the mean, drops its share, and uses one mask for both directions", "[ops]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    RandomStream stream(Seed{5}, "dropout");
    constexpr int items = 100'000;
    const auto x = variable(filled<Shape<Batch>>(device, items, 3));
    const auto y = dropout(x, 0.3, stream);
    const auto values = y.to_host();
    double sum_of_values = 0, dropped = 0;
    for (const float value : values) {
        sum_of_values += value;
        dropped += value == 0;
    }
    CHECK(std::abs(sum_of_values / items - 3) < 0.02);  // standard error 3 sqrt(0.3 / 0.7 / items) = 0.006
    CHECK(std::abs(dropped / items - 0.3) < 0.005);
    const auto gradient = grad(sum(y), x).to_host();
    std::size_t different = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        different += gradient[i] != (values[i] == 0 ? 0.0f : static_cast<float>(1 / 0.7));
    CHECK(different == 0);
}

TEMPLATE_TEST_CASE("dropout advances its stream, so that masks differ", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    RandomStream stream(Seed{5}, "dropout");
    const RandomStream start = stream;
    const auto x = filled<Shape<Batch>>(device, 100, 1);
    const auto first = dropout(x, 0.5, stream).to_host();
    CHECK(stream.position == 2 * RandomStream::blocks_in_chunk);  // 100 values: two chunks of 64
    CHECK(dropout(x, 0.5, stream).to_host() != first);
    stream = start;
    CHECK(dropout(x, 0.5, stream).to_host() == first);
}

TEMPLATE_TEST_CASE("dropout with probability 0 and with probabilities out of range", "[ops]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    RandomStream stream(Seed{5}, "dropout");
    const auto x = filled<Shape<Batch>>(device, 100, 1);
    CHECK(dropout(x, 0, stream).to_host() == x.to_host());
    CHECK_THROWS_WITH(dropout(x, 1, stream), "[dropout] the drop probability must be in [0, 1); got 1");
    CHECK_THROWS_WITH(dropout(x, -0.5, stream), contains("must be in [0, 1); got -0.5"));
}

}  // namespace gantry::test
