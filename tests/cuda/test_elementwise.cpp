#include "cuda/kernels.hpp"
#include "cuda/placed.hpp"
#include "support/reference_activation.hpp"

#include <cmath>

using namespace gantry;
using namespace gantry::test;

namespace {

const std::size_t elementwise_sizes[] = {0, 1, 3, 4, 5, 31, 257, 1024, 40001};

}  // namespace

TEMPLATE_TEST_CASE("cuda: elementwise in place, with a scalar input", "", float, double) {
    Cuda device;
    for (const std::size_t n : elementwise_sizes) {
        CAPTURE(n);
        check_kernel<TestType>(
            device,
            [&]<class T>(auto& d, std::size_t offset) {
                const Placed x(d, random_numbers<T>(n, "x", -3, 3), offset),
                    y(d, random_numbers<T>(n, "y"), offset), z(d, std::vector<T>{T(0.75)});
                launch(d, contracts::ElementwiseParameters<CustomMix, T, 3>{
                              {0.3}, n, x.data(), {x.data(), y.data(), z.data()}, {false, false, true}});
                return x.to_host();
            },
            tolerance<TestType>);
    }
}

TEMPLATE_TEST_CASE("cuda: one misaligned input disables vector loads", "", float, double) {
    using T = TestType;
    Cuda device;
    const std::size_t n = 1001;
    const auto run = [&](std::size_t first, std::size_t second, std::size_t result) {
        const Placed x(device, random_numbers<T>(n, "x"), first),
            y(device, random_numbers<T>(n, "y"), second), out(device, std::vector<T>(n, T(NAN)), result);
        launch(device, contracts::ElementwiseParameters<CustomProduct, T, 2>{
                           {}, n, out.data(), {x.data(), y.data()}, {}});
        return out.to_host();
    };
    const auto expected = run(0, 0, 0);
    CHECK(same_bits(run(1, 0, 0), expected));
    CHECK(same_bits(run(0, 1, 0), expected));
    CHECK(same_bits(run(0, 0, 1), expected));
}

TEMPLATE_TEST_CASE("cuda: map_sum of any size", "", float, double) {
    Cuda device;
    for (const std::size_t n : {0u, 1u, 5u, 33u, 1024u, 1025u, 4099u, 16384u, 16385u, 100001u, 530007u}) {
        CAPTURE(n);
        check_kernel<TestType>(
            device,
            [&]<class T>(auto& d, std::size_t offset) {
                const Placed x(d, random_numbers<T>(n, "x", 0.5, 1.5), offset),
                    scalar(d, std::vector<T>{T(0.5)}), out(d, std::vector<T>{T(NAN)});
                launch(d, contracts::TransformReduceParameters<CustomProduct, T, 2>{
                              {}, n, out.data(), {x.data(), scalar.data()}, {false, true}, 0.25});
                return out.to_host();
            },
            tolerance<TestType>);
    }
}

TEMPLATE_TEST_CASE("cuda: a loss with its derivative, of any size", "", float, double) {
    Cuda device;
    for (const std::size_t n : {0u, 1u, 5u, 64u, 1027u, 16385u, 100001u}) {
        CAPTURE(n);
        const auto check = [&](const auto& f, auto inputs) {
            check_kernel<TestType>(
                device,
                [&]<class T>(auto& d, std::size_t offset) {
                    constexpr std::size_t count = decltype(inputs)::value;
                    const Placed x(d, random_numbers<T>(n, "x", -3, 3), offset),
                        t(d, random_numbers<T>(n, "t", 0, 1), offset), value(d, std::vector<T>{T(NAN)}),
                        gradient(d, std::vector<T>(n, T(NAN)), offset);
                    contracts::LossParameters<std::decay_t<decltype(f)>, T, count> p{
                        f, n, value.data(), gradient.data(), {}, {}, 1.0 / 64};
                    p.in[0] = x.data();
                    if constexpr (count == 2) p.in[1] = t.data();
                    launch(d, p);
                    return joined<T>({value.to_host(), gradient.to_host()});
                },
                tolerance<TestType>);
        };
        check(ops::BceWithLogits{}, std::integral_constant<std::size_t, 2>{});
        check(ops::Against<ops::BceWithLogits>{{}, 0.9}, std::integral_constant<std::size_t, 1>{});
        check(ops::SquaredError{}, std::integral_constant<std::size_t, 2>{});
        check(ops::Against<ops::SquaredError>{{}, 0.9}, std::integral_constant<std::size_t, 1>{});
    }
}

TEMPLATE_TEST_CASE("cuda: bias and activation", "", float, double) {
    using T = TestType;
    Cuda device;
    for (const contracts::Activation a : reference::all_activations())
        for (const std::size_t columns : {1u, 3u, 4u, 18u, 64u})
            for (const bool biased : {false, true}) {
                const std::size_t rows = 37;
                const auto start = random_numbers<T>(rows * columns, "y", -4, 4),
                           bias = random_numbers<T>(columns, "bias");
                std::vector<double> expected(start.begin(), start.end());
                for (std::size_t i = 0; i < expected.size(); ++i)
                    expected[i] = reference::activate(
                        a, expected[i] + (biased ? static_cast<double>(bias[i % columns]) : 0));
                CAPTURE(static_cast<int>(a.kind), columns, biased);
                for (const std::size_t offset : {0u, 1u}) {
                    const Placed y(device, start, offset), b(device, bias, offset);
                    cuda::add_bias_and_activate(device, y.data(), rows, columns, biased ? b.data() : nullptr,
                                                a);
                    CHECK(largest_error(y.to_host(), expected) <= tolerance<T>);
                }
            }
}
