#include "support/catch.hpp"
#include "support/eigen_kernels.hpp"
#include "support/numbers.hpp"
#include "support/pooling_geometries.hpp"
#include <gantry/cpu/pooling.hpp>

using namespace gantry;
using namespace gantry::test;

namespace {

// 5 images: covers more threads than images, and threads that share an image.
template <class F>
void for_geometries(const F& f) {
    for_pooling_geometries(5, {{4, 5, 33}, {33, 21, 67}}, f);
}
template <class D, class T>
std::vector<std::int32_t> switches_of(D& device, const contracts::PoolingGeometry& g,
                                      const std::vector<T>& whole) {
    std::vector<T> pooled(pooled_size(g));
    std::vector<std::int32_t> switches(pooled.size());
    launch(device, contracts::MaxPoolParameters<T>{g, whole.data(), pooled.data(), switches.data()});
    return switches;
}

}  // namespace

TEMPLATE_TEST_CASE("max pooling and its switches", "[threads]", float, double) {
    using T = TestType;
    EigenCpu reference;
    for_geometries([&](const contracts::PoolingGeometry& g) {
        const auto whole = coarse_images<T>(whole_size(g));
        const auto pooled = [&](auto& device) {
            std::vector<T> y(pooled_size(g), T(-9));
            std::vector<std::int32_t> switches(y.size());
            launch(device, contracts::MaxPoolParameters<T>{g, whole.data(), y.data(), switches.data()});
            return y;
        };
        Cpu device{{.threads = 2}};
        CHECK(same_bits(pooled(device), pooled(reference)));
        CHECK(same_bits(switches_of(device, g, whole), switches_of(reference, g, whole)));
        CHECK(independent_of_threads(pooled));
        CHECK(independent_of_threads([&](Cpu& d) { return switches_of(d, g, whole); }));
    });
}

TEMPLATE_TEST_CASE("gather and scatter by switches", "[threads]", float, double) {
    using T = TestType;
    EigenCpu reference;
    for_geometries([&](const contracts::PoolingGeometry& g) {
        const auto whole = random_numbers<T>(whole_size(g), "whole");
        const auto pooled = random_numbers<T>(pooled_size(g), "pooled");
        const auto switches = switches_of(reference, g, whole);
        const auto gathered = [&](auto& device) {
            std::vector<T> y(pooled.size(), T(NAN));
            launch(device, contracts::SwitchGatherParameters<T>{switched(g, switches.data()), whole.data(),
                                                                y.data()});
            return y;
        };
        const auto scattered = [&](auto& device) {
            std::vector<T> x(whole.size(), T(NAN));
            launch(device, contracts::SwitchScatterParameters<T>{switched(g, switches.data()), pooled.data(),
                                                                 x.data()});
            return x;
        };
        Cpu device{{.threads = 2}};
        CHECK(same_bits(gathered(device), gathered(reference)));
        CHECK(largest_error(scattered(device), scattered(reference)) < tolerance<T>);
        CHECK(independent_of_threads(gathered));
        CHECK(independent_of_threads(scattered));
    });
}

TEMPLATE_TEST_CASE("sums of windows, and their adjoint", "[threads]", float, double) {
    using T = TestType;
    EigenCpu reference;
    for_geometries([&](const contracts::PoolingGeometry& g) {
        const auto whole = random_numbers<T>(whole_size(g), "whole");
        const auto pooled = random_numbers<T>(pooled_size(g), "pooled");
        const auto sums = [&](auto& device) {
            std::vector<T> y(pooled.size(), T(NAN));
            launch(device, contracts::WindowSumParameters<T>{g, whole.data(), y.data(), 0.3});
            return y;
        };
        const auto spread = [&](auto& device) {
            std::vector<T> x(whole.size(), T(NAN));
            launch(device, contracts::WindowSpreadParameters<T>{g, pooled.data(), x.data(), 0.3});
            return x;
        };
        Cpu device{{.threads = 2}};
        CHECK(largest_error(sums(device), sums(reference)) < tolerance<T>);
        CHECK(largest_error(spread(device), spread(reference)) < tolerance<T>);
        CHECK(independent_of_threads(sums));
        CHECK(independent_of_threads(spread));
    });
}

TEST_CASE("the sum of a large window keeps its precision") {
    Cpu device;
    const std::size_t channels = 17;
    const contracts::PoolingGeometry g{1, channels, 1000, 1000, 1, 1, {.size = 1000}};
    const std::vector<float> whole(whole_size(g), 0.1f);
    std::vector<float> mean(channels);
    launch(device, contracts::WindowSumParameters<float>{g, whole.data(), mean.data(), 1e-6});
    CHECK(largest_error(mean, std::vector<double>(channels, 0.1f)) < 2e-5);  // naive summation gives 0.101
}

TEST_CASE("pooling of no images") {
    Cpu device;
    launch(device, contracts::MaxPoolParameters<float>{});
    launch(device, contracts::SwitchGatherParameters<float>{});
    launch(device, contracts::SwitchScatterParameters<float>{});
    launch(device, contracts::WindowSumParameters<float>{});
    launch(device, contracts::WindowSpreadParameters<float>{});
}
