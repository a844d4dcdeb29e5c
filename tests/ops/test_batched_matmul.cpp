#include "support/op_check.hpp"

#include <vector>

namespace gantry::test {
namespace {

using Left = Shape<Batch, 5, 7>;
using Entries = std::vector<float>;
const OpCheckOptions all_samples{.singles = Singles::not_checked};

}  // namespace

TEMPLATE_TEST_CASE("matmul of transposed operands", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Shape<Batch, 13>, Shape<19, 13>>(
        "matmul: b^T", [](const auto& a, const auto& b) { return square(matmul<Transpose::right>(a, b)); });
    check_op<D, Shape<Batch, 5>, Shape<Batch, 3>>(
        "matmul: a^T, over the batch",
        [](const auto& a, const auto& b) { return square(matmul<Transpose::left>(a, b)); }, all_samples);
    check_op<D, Shape<4, 5>, Shape<3, 4>>(
        "matmul: a^T b^T", [](const auto& a, const auto& b) { return square(matmul<Transpose::both>(a, b)); },
        all_samples);
}

TEMPLATE_TEST_CASE("batched_matmul", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Left, Shape<Batch, 7, 3>>(
        "batched_matmul", [](const auto& a, const auto& b) { return square(batched_matmul(a, b)); });
    check_op<D, Left, Shape<Batch, 5, 3>>("batched_matmul: a^T", [](const auto& a, const auto& b) {
        return square(batched_matmul<Transpose::left>(a, b));
    });
    check_op<D, Left, Shape<Batch, 3, 7>>("batched_matmul: b^T", [](const auto& a, const auto& b) {
        return square(batched_matmul<Transpose::right>(a, b));
    });
    check_op<D, Left, Shape<Batch, 3, 5>>("batched_matmul: a^T b^T", [](const auto& a, const auto& b) {
        return square(batched_matmul<Transpose::both>(a, b));
    });
    check_op<D, Shape<Batch, 2, 3, 5>, Shape<Batch, 2, 5, 1>>(
        "batched_matmul: heads", [](const auto& a, const auto& b) { return square(batched_matmul(a, b)); });
    check_op<D, Shape<2, 3, 4>, Shape<2, 4, 2>>(
        "batched_matmul: no batch", [](const auto& a, const auto& b) { return batched_matmul(a, b); },
        all_samples);
}

TEMPLATE_TEST_CASE("gram_matrix and squared_distances", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Left>("gram_matrix", [](const auto& x) { return square(gram_matrix(x)); });
    check_op<D, Left, Shape<Batch, 3, 7>>(
        "squared_distances", [](const auto& a, const auto& b) { return square(squared_distances(a, b)); });
}

TEMPLATE_TEST_CASE("values of batched products", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto a = from_host<Shape<Batch, 2, 2>>(device, 2, Entries{1, 2, 3, 4, 5, 6, 7, 8});
    const auto b = from_host<Shape<Batch, 2, 1>>(device, 2, Entries{1, 10, 100, 1000});
    CHECK(batched_matmul(a, b).to_host() == Entries{21, 43, 6500, 8700});
    CHECK(batched_matmul<Transpose::left>(a, b).to_host() == Entries{31, 42, 7500, 8600});
    CHECK(batched_matmul<Transpose::both>(b, a).to_host() == Entries{21, 43, 6500, 8700});
    const auto flat = from_host<Shape<2, 2>>(device, 0, Entries{1, 2, 3, 4});
    CHECK(matmul<Transpose::left>(flat, flat).to_host() == Entries{10, 14, 14, 20});
    CHECK(gram_matrix(a).to_host() == Entries{5, 11, 11, 25, 61, 83, 83, 113});
    CHECK(squared_distances(a, a).to_host() == Entries{0, 8, 8, 0, 0, 8, 8, 0});
    const auto of_three = filled<Shape<Batch, 2, 1>>(device, 3, 1);
    CHECK_THROWS_WITH(
        batched_matmul(a, of_three),
        "[batched_matmul] both operands must have the same batch size; got (2, 2, 2) and (3, 2, 1)");
}

// Products for one thread each, and products that are worth all threads: the same bits as one at a time.
TEMPLATE_TEST_CASE("batched products equal single ones", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto check = [&]<int m, int k, int n>(Shape<m, k, n>, int batch) {
        const auto a =
            from_host<Shape<Batch, m, k>>(device, batch, random_numbers<float>(batch * m * k, "a"));
        const auto b =
            from_host<Shape<Batch, k, n>>(device, batch, random_numbers<float>(batch * k * n, "b"));
        const Entries whole = batched_matmul(a, b).to_host();
        const Entries of_a = a.to_host(), of_b = b.to_host();
        double largest = 0;
        for (int i = 0; i < batch; ++i) {
            const Entries x(of_a.begin() + i * m * k, of_a.begin() + (i + 1) * m * k),
                y(of_b.begin() + i * k * n, of_b.begin() + (i + 1) * k * n);
            const Entries single =
                matmul(from_host<Shape<m, k>>(device, 0, x), from_host<Shape<k, n>>(device, 0, y)).to_host();
            for (int j = 0; j < m * n; ++j)
                largest = std::max(largest, std::abs(double{whole[static_cast<std::size_t>(i * m * n + j)]} -
                                                     double{single[static_cast<std::size_t>(j)]}));
        }
        CHECK(largest < 1e-5);
    };
    check(Shape<16, 24, 20>{}, 70);
    check(Shape<65, 64, 130>{}, 3);
}

// Rounding gives -2e-6 or so without the clamp.
TEMPLATE_TEST_CASE("distances of a set to itself are not negative", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x =
        variable(from_host<Shape<Batch, 20, 9>>(device, 3, random_numbers<float>(540, "points", 10, 11)));
    const auto distances = squared_distances(x, x);
    const Entries values = distances.to_host(), gradient = grad(sum(distances), x).to_host();
    CHECK(*std::min_element(values.begin(), values.end()) >= 0);
    CHECK(math::is_finite(*std::max_element(gradient.begin(), gradient.end())));
}

}  // namespace gantry::test
