#include "cuda/placed.hpp"

#include <cmath>
#include <limits>

using namespace gantry;
using namespace gantry::test;

TEMPLATE_TEST_CASE("cuda: softmax and cross entropy", "", float, double) {
    Cuda device;
    for (const std::size_t rows : {0u, 1u, 5u, 77u})
        for (const std::size_t columns : {1u, 2u, 10u, 32u, 37u, 1030u}) {
            CAPTURE(rows, columns);
            check_kernel<TestType>(
                device,
                [&]<class T>(auto& d, std::size_t offset) {
                    const auto logits = random_numbers<float>(rows * columns, "x", -30, 30);
                    const Placed x(d, std::vector<T>(logits.begin(), logits.end()), offset),
                        targets(d, random_numbers<T>(rows * columns, "targets", 0, 1), offset),
                        y(d, std::vector<T>(rows * columns, T(NAN)), offset),
                        losses(d, std::vector<T>(rows, T(NAN)), offset);
                    launch(d, SoftmaxParameters<T>{rows, columns, x.data(), y.data()});
                    launch(d,
                           CrossEntropyParameters<T>{rows, columns, x.data(), targets.data(), losses.data()});
                    return joined<T>({y.to_host(), losses.to_host()});
                },
                tolerance<TestType>);
        }
}

TEMPLATE_TEST_CASE("cuda: softmax and cross entropy of the largest numbers", "", float, double) {
    using T = TestType;
    constexpr T most = std::numeric_limits<T>::max();
    Cuda device;
    const Placed x(device, std::vector<T>{most, -most, T{0}}),
        targets(device, std::vector<T>{T{1}, T{0}, T{0}}), y(device, std::vector<T>(3)),
        loss(device, std::vector<T>(1));
    launch(device, SoftmaxParameters<T>{1, 3, x.data(), y.data()});
    launch(device, CrossEntropyParameters<T>{1, 3, x.data(), targets.data(), loss.data()});
    CHECK(y.to_host() == std::vector<T>{T{1}, T{0}, T{0}});
    CHECK(loss.to_host()[0] == T{0});
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
                        for (T& v : numbers) v = std::round(v);  // so that there are equals
                        const Placed x(d, numbers, offset),
                            values(d, random_numbers<T>(numbers.size(), "values"), offset),
                            upstream(d, random_numbers<T>(rows * columns, "upstream"), offset),
                            selected(d, std::vector<T>(rows * columns, T(NAN)), offset),
                            scattered(d, std::vector<T>(numbers.size(), T(NAN)), offset);
                        launch(d, MaxoutSelectParameters<T>{rows, pieces, columns, x.data(), values.data(),
                                                            selected.data()});
                        launch(d, MaxoutScatterParameters<T>{rows, pieces, columns, x.data(), upstream.data(),
                                                             scattered.data()});
                        return joined<T>({selected.to_host(), scattered.to_host()});
                    },
                    tolerance<TestType>);
            }
}
