#include "cuda/kernels.hpp"
#include "cuda/placed.hpp"
#include "support/pooling_geometries.hpp"

#include <cmath>

using namespace gantry;
using namespace gantry::test;

namespace {

template <class F>
void for_geometries(const F& f) {
    for_pooling_geometries(3, {{12, 13, 36}}, f);
}

}  // namespace

TEMPLATE_TEST_CASE("cuda: max pooling and its switches", "", float, double) {
    using T = TestType;
    Cuda device;
    EigenCpu reference;
    for_geometries([&](const contracts::PoolingGeometry& g) {
        const auto run = [&](auto& d, std::size_t offset) {
            const Placed whole(d, coarse_images<T>(whole_size(g)), offset),
                pooled(d, std::vector<T>(pooled_size(g)), offset);
            const Placed switches(d, std::vector<std::int32_t>(pooled_size(g)), offset);
            launch(d, contracts::MaxPoolParameters<T>{g, whole.data(), pooled.data(), switches.data()});
            const auto numbers = switches.to_host();
            return joined<T>({pooled.to_host(), {numbers.begin(), numbers.end()}});
        };
        const auto expected = run(reference, 0);
        CHECK(same_bits(run(device, 0), expected));
        CHECK(same_bits(run(device, 1), expected));
    });
}

TEMPLATE_TEST_CASE("cuda: gather and scatter by switches", "", float, double) {
    using T = TestType;
    Cuda device;
    EigenCpu reference;
    for_geometries([&](const contracts::PoolingGeometry& g) {
        const auto run = [&](auto& d, bool by_plain_kernel) {
            const Placed whole(d, random_numbers<T>(whole_size(g), "whole")),
                upstream(d, random_numbers<T>(pooled_size(g), "pooled")),
                pooled(d, std::vector<T>(pooled_size(g), T(NAN))),
                scattered(d, std::vector<T>(whole_size(g), T(NAN)));
            const Placed switches(d, std::vector<std::int32_t>(pooled_size(g)));
            launch(d, contracts::MaxPoolParameters<T>{g, whole.data(), pooled.data(), switches.data()});
            const contracts::SwitchedImages e = switched(g, switches.data());
            launch(d, contracts::SwitchGatherParameters<T>{e, whole.data(), pooled.data()});
            const contracts::SwitchScatterParameters<T> scatter{e, upstream.data(), scattered.data()};
            if constexpr (std::is_same_v<decltype(d), Cuda&>) {
                if (by_plain_kernel) switch_scatter_plain(d, scatter);
            }
            if (!by_plain_kernel) launch(d, scatter);
            return joined<T>({pooled.to_host(), scattered.to_host()});
        };
        const auto tuned = run(device, false);
        CHECK(same_bits(tuned, run(device, true)));
        CHECK(largest_error(tuned, run(reference, false)) < tolerance<T>);
    });
}

TEMPLATE_TEST_CASE("cuda: sums over windows and their adjoint", "", float, double) {
    Cuda device;
    for_geometries([&](const contracts::PoolingGeometry& g) {
        check_kernel<TestType>(
            device,
            [&]<class T>(auto& d, std::size_t offset) {
                const Placed whole(d, random_numbers<T>(whole_size(g), "whole"), offset),
                    pooled(d, random_numbers<T>(pooled_size(g), "pooled"), offset),
                    sums(d, std::vector<T>(pooled_size(g), T(NAN)), offset),
                    spread(d, std::vector<T>(whole_size(g), T(NAN)), offset);
                launch(d, contracts::WindowSumParameters<T>{g, whole.data(), sums.data(), 0.3});
                launch(d, contracts::WindowSpreadParameters<T>{g, pooled.data(), spread.data(), 0.3});
                return joined<T>({sums.to_host(), spread.to_host()});
            },
            tolerance<TestType>);
    });
}
