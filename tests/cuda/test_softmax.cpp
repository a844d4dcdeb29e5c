#include "cuda/placed.hpp"
#include <gantry/gantry.hpp>

#include <cmath>
#include <limits>

using namespace gantry;
using namespace gantry::test;

namespace {

struct SoftmaxExtents {
    std::size_t rows, columns;
};
// 1 to 32 threads per row; one block and several, with one iteration and several.
const SoftmaxExtents softmax_extents[] = {{1, 1},  {5, 1},   {300, 1},   {4100, 1}, {1, 2},    {77, 5},
                                          {1, 10}, {5, 10},  {128, 10},  {409, 10}, {410, 10}, {70, 17},
                                          {2, 32}, {77, 37}, {133, 100}, {1, 1030}, {3, 1030}, {9, 1030}};

}  // namespace

TEMPLATE_TEST_CASE("cuda: softmax and cross entropy", "", float, double) {
    Cuda device;
    for (const auto [rows, columns] : softmax_extents) {
        CAPTURE(rows, columns);
        check_kernel<TestType>(
            device,
            [&]<class T>(auto& d, std::size_t offset) {
                const auto logits = random_numbers<float>(rows * columns, "x", -30, 30);
                const Placed x(d, std::vector<T>(logits.begin(), logits.end()), offset),
                    targets(d, random_numbers<T>(rows * columns, "targets", 0, 1), offset),
                    y(d, std::vector<T>(rows * columns, T(NAN)), offset), value(d, std::vector<T>{T(NAN)}),
                    gradient(d, std::vector<T>(rows * columns, T(NAN)), offset),
                    value_alone(d, std::vector<T>{T(NAN)});
                launch(d, contracts::SoftmaxParameters<T>{rows, columns, x.data(), y.data()});
                contracts::CrossEntropyParameters<T> p{
                    rows, columns, x.data(), targets.data(), value.data(), gradient.data(), 1.0 / 64};
                launch(d, p);
                p.value = value_alone.data();
                p.gradient = nullptr;
                launch(d, p);
                CHECK(same_bits(value_alone.to_host(), value.to_host()));
                return joined<T>({y.to_host(), value.to_host(), gradient.to_host()});
            },
            tolerance<TestType>);
    }
}

TEST_CASE("cuda: cross entropy of no rows or no columns is 0") {
    Cuda device;
    const Placed value(device, std::vector<float>{NAN});
    launch(device, contracts::SoftmaxParameters<float>{0, 3, nullptr, nullptr});
    launch(device, contracts::CrossEntropyParameters<float>{0, 3, nullptr, nullptr, value.data()});
    CHECK(value.to_host()[0] == 0);
    launch(device,
           contracts::CrossEntropyParameters<float>{3, 0, nullptr, nullptr, value.data(), nullptr, 2});
    CHECK(value.to_host()[0] == 0);
}

TEMPLATE_TEST_CASE("cuda: softmax and cross entropy of the largest values", "", float, double) {
    using T = TestType;
    constexpr T most = std::numeric_limits<T>::max();
    Cuda device;
    const Placed x(device, std::vector<T>{most, -most, T{0}}),
        targets(device, std::vector<T>{T{1}, T{0}, T{0}}), y(device, std::vector<T>(3)),
        value(device, std::vector<T>(1)), gradient(device, std::vector<T>(3));
    launch(device, contracts::SoftmaxParameters<T>{1, 3, x.data(), y.data()});
    launch(device, contracts::CrossEntropyParameters<T>{1, 3, x.data(), targets.data(), value.data(),
                                                        gradient.data()});
    CHECK(y.to_host() == std::vector<T>{T{1}, T{0}, T{0}});
    CHECK(value.to_host()[0] == T{0});
    CHECK(gradient.to_host() == std::vector<T>(3));
}

TEMPLATE_TEST_CASE("cuda: maxout: select and scatter", "", float, double) {
    Cuda device;
    for (const std::size_t rows : {0u, 1u, 70u})
        for (const std::size_t pieces : {1u, 2u, 5u})
            for (const std::size_t columns : {1u, 3u, 16u, 50u}) {
                CAPTURE(rows, pieces, columns);
                check_kernel<TestType>(
                    device,
                    [&]<class T>(auto& d, std::size_t offset) {
                        std::vector<T> numbers = random_numbers<T>(rows * pieces * columns, "x", -2, 2);
                        for (T& v : numbers) v = std::round(v);  // creates ties
                        const Placed x(d, numbers, offset),
                            values(d, random_numbers<T>(numbers.size(), "values"), offset),
                            upstream(d, random_numbers<T>(rows * columns, "upstream"), offset),
                            selected(d, std::vector<T>(rows * columns, T(NAN)), offset),
                            scattered(d, std::vector<T>(numbers.size(), T(NAN)), offset);
                        launch(d, contracts::MaxoutSelectParameters<T>{rows, pieces, columns, x.data(),
                                                                       values.data(), selected.data()});
                        launch(d, contracts::MaxoutScatterParameters<T>{rows, pieces, columns, x.data(),
                                                                        upstream.data(), scattered.data()});
                        return joined<T>({selected.to_host(), scattered.to_host()});
                    },
                    tolerance<TestType>);
            }
}
