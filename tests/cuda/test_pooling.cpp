#include "cuda/placed.hpp"
#include "kernels/pooling_plain.cuh"

#include <cmath>

using namespace gantry;
using namespace gantry::test;

namespace {

const Pooling some_windows[] = {
    {.size = 1},
    {.size = 2},
    {.size = {2, 3}},
    {.size = 3, .stride = 2, .padding = 1},
    {.size = {4, 2}, .stride = {1, 2}, .padding = {2, 0}},
    {.size = {1, 2}, .stride = {3, 4}},                // pixels between windows
    {.size = {5, 7}, .stride = 3, .padding = {1, 3}},  // wider than the narrowest image
};
struct Extents3 {
    int height, width;
    std::size_t channels;
};
const Extents3 some_images[] = {{7, 5, 1}, {6, 8, 3}, {5, 11, 16}, {9, 4, 17}, {12, 13, 36}};

template <class F>
void for_geometries(const F& f) {
    const auto places = [](int extent, int size, int stride, int padding) {
        return (extent + 2 * padding - size) / stride + 1;
    };
    for (const Pooling& w : some_windows)
        for (const Extents3& e : some_images) {
            if (e.width + 2 * w.padding.horizontal < w.size.horizontal) continue;
            const PoolingGeometry g{
                3,
                e.channels,
                e.height,
                e.width,
                places(e.height, w.size.vertical, w.stride.vertical, w.padding.vertical),
                places(e.width, w.size.horizontal, w.stride.horizontal, w.padding.horizontal),
                w};
            CAPTURE(g.height, g.width, g.channels, g.pooled_height, g.pooled_width);
            f(g, g.images * static_cast<std::size_t>(g.height * g.width) * g.channels,
              g.images * static_cast<std::size_t>(g.pooled_height * g.pooled_width) * g.channels);
        }
}
SwitchedImages switched(const PoolingGeometry& g, const std::int32_t* switches) {
    return {g.images, static_cast<std::size_t>(g.height * g.width),
            static_cast<std::size_t>(g.pooled_height * g.pooled_width), g.channels, switches};
}
/// Many numbers are equal, and some are NaN.
template <class T>
std::vector<T> images(std::size_t size) {
    auto numbers = random_numbers<T>(size, "images", -4, 4);
    for (T& x : numbers) x = x > T(3.5) ? T(NAN) : std::floor(x);
    return numbers;
}

}  // namespace

TEMPLATE_TEST_CASE("cuda: max pooling and its switches", "", float, double) {
    using T = TestType;
    Cuda device;
    Reference reference;
    for_geometries([&](const PoolingGeometry& g, std::size_t whole_size, std::size_t pooled_size) {
        const auto run = [&](auto& d, std::size_t offset) {
            const Placed whole(d, images<T>(whole_size), offset),
                pooled(d, std::vector<T>(pooled_size), offset);
            const Placed switches(d, std::vector<std::int32_t>(pooled_size), offset);
            launch(d, MaxPoolParameters<T>{g, whole.data(), pooled.data(), switches.data()});
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
    Reference reference;
    for_geometries([&](const PoolingGeometry& g, std::size_t whole_size, std::size_t pooled_size) {
        const auto run = [&](auto& d, bool plain) {
            const Placed whole(d, random_numbers<T>(whole_size, "whole")),
                upstream(d, random_numbers<T>(pooled_size, "pooled")),
                pooled(d, std::vector<T>(pooled_size, T(NAN))),
                scattered(d, std::vector<T>(whole_size, T(NAN)));
            const Placed switches(d, std::vector<std::int32_t>(pooled_size));
            launch(d, MaxPoolParameters<T>{g, whole.data(), pooled.data(), switches.data()});
            const SwitchedImages e = switched(g, switches.data());
            launch(d, SwitchGatherParameters<T>{e, whole.data(), pooled.data()});
            if constexpr (std::is_same_v<decltype(d), Cuda&>) {
                if (plain)
                    cuda::start(d, "switch_scatter_plain", cuda::switch_scatter_plain<T>,
                                cuda::grid_for(e.images * e.channels), e, upstream.data(), scattered.data());
            }
            if (!plain) launch(d, SwitchScatterParameters<T>{e, upstream.data(), scattered.data()});
            return joined<T>({pooled.to_host(), scattered.to_host()});
        };
        const auto tuned = run(device, false);
        CHECK(same_bits(tuned, run(device, true)));
        CHECK(largest_error(tuned, run(reference, false)) < tolerance<T>);
    });
}

TEMPLATE_TEST_CASE("cuda: sums over windows and their adjoint", "", float, double) {
    Cuda device;
    for_geometries([&](const PoolingGeometry& g, std::size_t whole_size, std::size_t pooled_size) {
        check_kernel<TestType>(
            device,
            [&]<class T>(auto& d, std::size_t offset) {
                const Placed whole(d, random_numbers<T>(whole_size, "whole"), offset),
                    pooled(d, random_numbers<T>(pooled_size, "pooled"), offset),
                    sums(d, std::vector<T>(pooled_size, T(NAN)), offset),
                    spread(d, std::vector<T>(whole_size, T(NAN)), offset);
                launch(d, WindowSumParameters<T>{g, whole.data(), sums.data(), 0.3});
                launch(d, WindowSpreadParameters<T>{g, pooled.data(), spread.data(), 0.3});
                return joined<T>({sums.to_host(), spread.to_host()});
            },
            tolerance<TestType>);
    });
}
