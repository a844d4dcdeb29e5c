#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/cpu/copy.hpp>
#include <gantry/cpu/reduce.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

struct Extents2 {
    std::size_t rows, columns;
};
const Extents2 some_extents[] = {{1, 1},     {5, 1},    {1000, 1},  {7, 3},    {129, 3},
                                 {100, 16},  {40, 17},  {64, 33},   {63, 100}, {128, 240},
                                 {3000, 20}, {2, 1201}, {4500, 67}, {1, 5000}};

}  // namespace

TEMPLATE_TEST_CASE("sum over either axis", "[threads]", float, double) {
    using T = TestType;
    for (const auto [rows, columns] : some_extents)
        for (const contracts::Axis axis : {contracts::Axis::rows, contracts::Axis::columns})
            for (const bool accumulate : {false, true}) {
                const std::size_t n = axis == contracts::Axis::rows ? columns : rows;
                const std::vector<T> x = random_numbers<T>(rows * columns, "x"),
                                     start = random_numbers<T>(n, "y");
                std::vector<double> expected(n);
                for (std::size_t i = 0; i < n; ++i)
                    expected[i] = accumulate ? static_cast<double>(start[i]) : 0;
                for (std::size_t r = 0; r < rows; ++r)
                    for (std::size_t c = 0; c < columns; ++c)
                        expected[axis == contracts::Axis::rows ? c : r] +=
                            0.3 * static_cast<double>(x[r * columns + c]);
                const auto run = [&](Cpu& device) {
                    std::vector<T> y = accumulate ? start : std::vector<T>(n, T(NAN));
                    launch(device, contracts::SumParameters<T>{rows, columns, axis, x.data(), y.data(),
                                                               accumulate, 0.3});
                    return y;
                };
                Cpu device;
                CAPTURE(rows, columns, axis == contracts::Axis::rows, accumulate);
                CHECK(largest_error(run(device), expected) < 5 * tolerance<T>);
                CHECK(independent_of_threads(run));
            }
}

TEST_CASE("sum of no rows or no columns is 0") {
    Cpu device;
    std::vector<float> y(3, NAN);
    launch(device, contracts::SumParameters<float>{0, 3, contracts::Axis::rows, nullptr, y.data()});
    CHECK(y == std::vector<float>(3));
    y.assign(3, NAN);
    launch(device, contracts::SumParameters<float>{3, 0, contracts::Axis::columns, nullptr, y.data()});
    CHECK(y == std::vector<float>(3));
}

TEMPLATE_TEST_CASE("broadcast along either axis", "[threads]", float, double) {
    using T = TestType;
    Cpu device{{.threads = 2}};
    for (const auto [rows, columns] : some_extents)
        for (const contracts::Axis axis : {contracts::Axis::rows, contracts::Axis::columns}) {
            const std::vector<T> x = random_numbers<T>(axis == contracts::Axis::rows ? columns : rows, "x");
            std::vector<T> y(rows * columns, T(NAN)), expected(y);
            for (std::size_t r = 0; r < rows; ++r)
                for (std::size_t c = 0; c < columns; ++c)
                    expected[r * columns + c] = T(0.3) * x[axis == contracts::Axis::rows ? c : r];
            launch(device, contracts::BroadcastParameters<T>{rows, columns, axis, x.data(), y.data(), 0.3});
            CAPTURE(rows, columns, axis == contracts::Axis::rows);
            CHECK(same_bits(y, expected));
        }
}

TEMPLATE_TEST_CASE("copy a block, fill", "[threads]", float, double) {
    using T = TestType;
    Cpu device{{.threads = 3}};
    for (const auto [rows, columns] : some_extents)
        for (const std::size_t extra : {0u, 3u}) {
            const std::size_t source_stride = columns + 2 * extra, stride = columns + extra;
            const std::vector<T> x = random_numbers<T>(rows * source_stride, "x");
            std::vector<T> y(rows * stride, T(-7)), expected(y);
            for (std::size_t r = 0; r < rows; ++r)
                for (std::size_t c = 0; c < columns; ++c) expected[r * stride + c] = x[r * source_stride + c];
            launch(device, contracts::CopyBlockParameters<T>{rows, columns, x.data(), source_stride, y.data(),
                                                             stride});
            CHECK(same_bits(y, expected));
            launch(device, contracts::FillParameters<T>{y.size(), y.data(), T(0.5)});
            CHECK(same_bits(y, std::vector<T>(y.size(), T(0.5))));
        }
    launch(device, contracts::CopyBlockParameters<T>{});
    launch(device, contracts::FillParameters<T>{});
}
