#include "support/op_check.hpp"

#include <vector>

namespace gantry::test {
namespace {

using Matrices = Shape<Batch, 3, 7>;
const OpCheckOptions summed_singles{.singles = Singles::summed},
    averaged_singles{.singles = Singles::averaged};

}  // namespace

TEMPLATE_TEST_CASE("sums and means", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Matrices>("sum", [](const auto& x) { return sum(x); }, summed_singles);
    check_op<D, Matrices>("mean", [](const auto& x) { return mean(x); }, averaged_singles);
    check_op<D, Matrices>("sum_over_batch", [](const auto& x) { return sum_over_batch(x); }, summed_singles);
    check_op<D, Matrices>(
        "mean_over_batch", [](const auto& x) { return mean_over_batch(x); }, averaged_singles);
    check_op<D, Matrices>("sum_per_sample", [](const auto& x) { return sum_per_sample(x); });
    check_op<D, Matrices>("mean_per_sample", [](const auto& x) { return mean_per_sample(x); });
    check_op<D, Shape<5, 3>>("sum, no batch", [](const auto& x) { return sum(square(x)); },
                             {.singles = Singles::not_checked});
    check_op<D, Matrices>("gradient of squared sums", [](const auto& x) { return square(sum_over_batch(x)); },
                          {.singles = Singles::not_checked});
}

TEMPLATE_TEST_CASE("values of sums and means", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = from_host<Shape<Batch, 3>>(device, 2, std::vector<float>{1, 2, 3, 10, 20, 30});
    CHECK(sum(x).item() == 66);
    CHECK(mean(x).item() == 11);
    CHECK(sum_over_batch(x).to_host() == std::vector<float>{11, 22, 33});
    CHECK(mean_over_batch(x).to_host() == std::vector<float>{5.5, 11, 16.5});
    CHECK(sum_per_sample(x).to_host() == std::vector<float>{6, 60});
    CHECK(mean_per_sample(x).to_host() == std::vector<float>{2, 20});
}

}  // namespace gantry::test
