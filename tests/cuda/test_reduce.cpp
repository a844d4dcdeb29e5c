#include "cuda/placed.hpp"

#include <cmath>

using namespace gantry;
using namespace gantry::test;

namespace {

struct Extents2 {
    std::size_t rows, columns;
};
// Sums over columns: a warp, a block, or several blocks per row. Sums over rows: one part or many.
const Extents2 some_extents[] = {{1, 1},     {5, 1},      {1000, 1},  {7, 3},    {129, 3},
                                 {100, 16},  {40, 17},    {64, 33},   {63, 100}, {128, 240},
                                 {3000, 20}, {2, 1201},   {1500, 36}, {1, 5000}, {3, 16384},
                                 {2, 40003}, {270, 1030}, {9001, 4},  {9001, 1}, {1100, 128}};

}  // namespace

TEMPLATE_TEST_CASE("cuda: sum over either axis", "", float, double) {
    Cuda device;
    for (const auto [rows, columns] : some_extents)
        for (const contracts::Axis axis : {contracts::Axis::rows, contracts::Axis::columns})
            for (const bool accumulate : {false, true}) {
                if (accumulate && rows * columns > 50000) continue;  // too slow on the emulator
                const std::size_t n = axis == contracts::Axis::rows ? columns : rows;
                CAPTURE(rows, columns, axis == contracts::Axis::rows, accumulate);
                check_kernel<TestType>(
                    device,
                    [&]<class T>(auto& d, std::size_t offset) {
                        const Placed x(d, random_numbers<T>(rows * columns, "x"), offset),
                            y(d, accumulate ? random_numbers<T>(n, "y") : std::vector<T>(n, T(NAN)), offset);
                        launch(d, contracts::SumParameters<T>{rows, columns, axis, x.data(), y.data(),
                                                              accumulate, 0.3});
                        return y.to_host();
                    },
                    tolerance<TestType>);
            }
}

TEST_CASE("cuda: sum of no rows or no columns is 0") {
    Cuda device;
    for (const contracts::Axis axis : {contracts::Axis::rows, contracts::Axis::columns}) {
        const Placed y(device, std::vector<float>(3, NAN));
        const bool over_rows = axis == contracts::Axis::rows;
        launch(device, contracts::SumParameters<float>{over_rows ? 0u : 3u, over_rows ? 3u : 0u, axis,
                                                       nullptr, y.data()});
        CHECK(y.to_host() == std::vector<float>(3));
    }
}

TEMPLATE_TEST_CASE("cuda: broadcast along either axis", "", float, double) {
    Cuda device;
    for (const auto [rows, columns] : some_extents)
        for (const contracts::Axis axis : {contracts::Axis::rows, contracts::Axis::columns}) {
            CAPTURE(rows, columns, axis == contracts::Axis::rows);
            check_kernel<TestType>(
                device,
                [&]<class T>(auto& d, std::size_t offset) {
                    const Placed x(d, random_numbers<T>(axis == contracts::Axis::rows ? columns : rows, "x"),
                                   offset),
                        y(d, std::vector<T>(rows * columns, T(NAN)), offset);
                    launch(d,
                           contracts::BroadcastParameters<T>{rows, columns, axis, x.data(), y.data(), 0.3});
                    return y.to_host();
                },
                tolerance<TestType>);
        }
}

TEMPLATE_TEST_CASE("cuda: copies of blocks", "", float, double) {
    Cuda device;
    for (const auto [rows, columns] : some_extents)
        for (const std::size_t gap : {0u, 3u, 8u}) {
            if (rows * columns > 100000) continue;
            CAPTURE(rows, columns, gap);
            check_kernel<TestType>(
                device,
                [&]<class T>(auto& d, std::size_t offset) {
                    const std::size_t from = columns + gap, to = columns + 2 * gap;
                    const Placed x(d, random_numbers<T>(rows * from, "x"), offset),
                        y(d, random_numbers<T>(rows * to, "y"), offset);
                    launch(d, contracts::CopyBlockParameters<T>{rows, columns, x.data(), from, y.data(), to});
                    return y.to_host();
                },
                tolerance<TestType>);
        }
}

TEMPLATE_TEST_CASE("cuda: fill", "", float, double) {
    Cuda device;
    for (const std::size_t n : {0u, 1u, 3u, 4u, 5u, 1000u, 2049u}) {
        CAPTURE(n);
        check_kernel<TestType>(
            device,
            [&]<class T>(auto& d, std::size_t offset) {
                const Placed y(d, std::vector<T>(n, T(NAN)), offset);
                launch(d, contracts::FillParameters<T>{n, y.data(), T(0.25)});
                return y.to_host();
            },
            0);
    }
}
