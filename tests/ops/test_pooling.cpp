#include "ops/pooling_reference.hpp"
#include "support/op_check.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace gantry::test {
namespace {

// Not square; 19 channels are one or two vectors and a remainder. `halves` drops the last row.
using Images = Shape<Batch, 5, 4, 19>;
constexpr Pool2dOptions halves{.size = 2}, overlapping{.size = {3, 2}, .stride = {2, 1}, .padding = {1, 1}},
    with_gaps{.size = {1, 2}, .stride = {3, 2}};
using Halves = Shape<Batch, 2, 2, 19>;
using Overlapping = Shape<Batch, 3, 5, 19>;
const OpCheckOptions few_items{.batches = {1, 3}};

template <Pool2dOptions pooling>
const auto max_pooled = [](const auto& x) { return square(max_pool2d<pooling>(x).result); };
template <Pool2dOptions pooling>
const auto avg_pooled = [](const auto& x) { return square(avg_pool2d<pooling>(x)); };
/// Uses the switches of x.
template <Pool2dOptions pooling>
const auto unpooled = [](const auto& y, const auto& x) {
    return square(max_unpool2d(y, max_pool2d<pooling>(detach(x)).switches));
};

template <class S, class T, class D>
auto random_tensor(D& device, int batch, const char* name) {
    return variable(from_host<S>(device, batch, random_numbers<T>(S::size(batch), name)));
}

double dot(const auto& a, const auto& b) { return sum(a * b).item(); }

template <class T>
std::vector<T> as(const std::vector<double>& x) {
    return {x.begin(), x.end()};
}

using PytorchImages =
    Shape<Batch, pooling_reference::height, pooling_reference::width, pooling_reference::channels>;

template <class T, class D>
auto pytorch_input(D& device) {
    return variable(from_host<PytorchImages>(device, pooling_reference::batch, as<T>(pooling_reference::x)));
}

template <class D, class T, Pool2dOptions pooling>
void check_against_pytorch(const pooling_reference::PoolingCase& e) {
    constexpr double close = 2 * tolerance<T>;
    D device;
    const Step step{device};
    const auto x = pytorch_input<T>(device);
    const auto [largest, switches] = max_pool2d<pooling>(x);
    CHECK(largest.to_host() == as<T>(e.max));
    CHECK(switches.pixels.to_host() == e.switches);
    const auto mean = avg_pool2d<pooling>(x);
    CHECK(largest_error(mean.to_host(), e.mean) < close);
    using Y = typename std::decay_t<decltype(mean)>::shape;
    const auto upstream = from_host<Y>(device, pooling_reference::batch, as<T>(e.upstream));
    CHECK(largest_error(grad(sum(largest * upstream), x).to_host(), e.max_gradient) < close);
    CHECK(largest_error(grad(sum(mean * upstream), x).to_host(), e.mean_gradient) < close);
}

}  // namespace

TEMPLATE_TEST_CASE("max_pool2d", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Images>("max_pool2d", max_pooled<halves>, few_items);
    check_op<D, Images>("max_pool2d: windows overlap", max_pooled<overlapping>, few_items);
    check_op<D, Images>("max_pool2d: gaps", max_pooled<with_gaps>, few_items);
}

TEMPLATE_TEST_CASE("max_unpool2d", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Halves, Images>("max_unpool2d", unpooled<halves>, few_items);
    check_op<D, Overlapping, Images>("max_unpool2d: windows overlap", unpooled<overlapping>, few_items);
}

TEMPLATE_TEST_CASE("avg_pool2d, global_avg_pool2d and upsample", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Images>("avg_pool2d", avg_pooled<halves>, few_items);
    check_op<D, Images>("avg_pool2d: windows overlap", avg_pooled<overlapping>, few_items);
    check_op<D, Images>("avg_pool2d: gaps", avg_pooled<with_gaps>, few_items);
    check_op<D, Images>(
        "global_avg_pool2d", [](const auto& x) { return square(global_avg_pool2d(x)); }, few_items);
    check_op<D, Images>(
        "upsample", [](const auto& x) { return square(upsample<core::PerAxis{2, 3}>(x)); }, few_items);
}

TEMPLATE_TEST_CASE("pooling matches PyTorch", "[ops]", GANTRY_TEST_DEVICES) {
    const auto all = [&]<class T>(T) {
        using D = TestType;
        check_against_pytorch<D, T, Pool2dOptions{.size = 2}>(pooling_reference::halves);
        check_against_pytorch<D, T, Pool2dOptions{.size = {3, 2}, .stride = {2, 1}, .padding = {1, 1}}>(
            pooling_reference::overlapping);
        check_against_pytorch<D, T, Pool2dOptions{.size = {2, 3}, .stride = {3, 2}}>(
            pooling_reference::with_gaps);

        D device;
        const Step step{device};
        const auto x = pytorch_input<T>(device);
        const auto [largest, switches] = max_pool2d<Pool2dOptions{.size = 2}>(x);
        CHECK(max_unpool2d(largest, switches).to_host() == as<T>(pooling_reference::unpooled));

        const auto large = upsample<core::PerAxis{2, 3}>(x);
        using Large = typename std::decay_t<decltype(large)>::shape;
        CHECK(large.to_host() == as<T>(pooling_reference::upsampled));
        const auto upstream =
            from_host<Large>(device, pooling_reference::batch, as<T>(pooling_reference::upsampled_upstream));
        CHECK(largest_error(grad(sum(large * upstream), x).to_host(), pooling_reference::upsampled_gradient) <
              2 * tolerance<T>);

        const auto mean = global_avg_pool2d(x);
        CHECK(largest_error(mean.to_host(), pooling_reference::global_mean) < 2 * tolerance<T>);
        const auto upstream_of_mean = from_host<Shape<Batch, pooling_reference::channels>>(
            device, pooling_reference::batch, as<T>(pooling_reference::global_mean_upstream));
        CHECK(largest_error(grad(sum(mean * upstream_of_mean), x).to_host(),
                            pooling_reference::global_mean_gradient) < 2 * tolerance<T>);
    };
    all(0.f);
    all(0.);
}

TEMPLATE_TEST_CASE("max_pool2d: the last NaN of a window wins, as in PyTorch", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    auto numbers = as<float>(pooling_reference::x);
    for (const std::size_t pixel : {0, 4, 14, 20, 27}) numbers[pixel * pooling_reference::channels] = NAN;
    const auto [largest, switches] = max_pool2d<Pool2dOptions{.size = 2}>(
        from_host<PytorchImages>(device, pooling_reference::batch, numbers));
    CHECK(switches.pixels.to_host() == pooling_reference::switches_with_nan);
    CHECK(std::isnan(largest.to_host()[0]));
}

TEMPLATE_TEST_CASE("max_pool2d of minus infinity is minus infinity", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto [largest, switches] =
        max_pool2d<overlapping>(filled<Shape<Batch, 3, 2, 17>>(device, 2, -INFINITY));
    const auto pixels = switches.pixels.to_host();
    CHECK(largest.to_host() == std::vector<float>(pixels.size(), -INFINITY));
    // Windows of 2 x 3 pooled pixels begin at the rows 0, 1 and the columns 0, 0, 1.
    for (std::size_t i = 0; i < pixels.size(); ++i)
        CHECK(pixels[i] == std::vector<std::int32_t>{0, 0, 1, 2, 2, 3}[i / 17 % 6]);
}

TEMPLATE_TEST_CASE("pooling and its adjoint: <pool(x), y> = <x, unpool(y)>", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = random_tensor<Images, double>(device, 3, "x");
    const auto near = [](double a, double b) { return std::abs(a - b) < 1e-12 * (1 + std::abs(a)); };
    const auto [largest, switches] = max_pool2d<overlapping>(x);
    const auto y = random_tensor<Overlapping, double>(device, 3, "y");
    CHECK(near(dot(largest, y), dot(x, max_unpool2d(y, switches))));
    const auto mean = avg_pool2d<overlapping>(x);
    CHECK(near(dot(mean, y), dot(x, grad(sum(mean * y), x))));
    // Adjacent windows: unpooling is upsampling.
    const auto small = random_tensor<Shape<Batch, 2, 3, 19>, double>(device, 3, "small");
    const auto large = random_tensor<Shape<Batch, 4, 9, 19>, double>(device, 3, "large");
    constexpr core::PerAxis factor{2, 3};
    CHECK(near(dot(upsample<factor>(small), large),
               6 * dot(small, avg_pool2d<Pool2dOptions{.size = factor}>(large))));
}

TEMPLATE_TEST_CASE("max_unpool2d adds where windows overlap", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = from_host<Shape<Batch, 1, 3, 1>>(device, 1, std::vector<float>{1, 5, 2});
    const auto [largest, switches] = max_pool2d<Pool2dOptions{.size = {1, 2}, .stride = 1}>(x);
    CHECK(max_unpool2d(largest, switches).to_host() == std::vector<float>{0, 10, 0});
}

TEMPLATE_TEST_CASE("max_unpool2d with switches of another tensor is an error", "[ops]", GANTRY_TEST_DEVICES) {
    TestType device, other;
    using Image = Shape<Batch, 4, 4, 1>;
    using Half = Shape<Batch, 2, 2, 1>;
    const auto pool = [](TestType& d) { return max_pool2d<halves>(filled<Image>(d, 2, 1)).switches; };
    const auto old = pool(device);
    device.end_step();
    const auto y = filled<Half>(device, 2, 1);
    CHECK_THROWS_WITH(max_unpool2d(y, old),
                      contains("a tensor is valid until the end of the step that created it"));
    CHECK_THROWS_WITH(old.pixels.to_host(), contains("a tensor is valid until the end of the step"));
    CHECK_THROWS_WITH(max_unpool2d(filled<Half>(device, 3, 1), pool(device)),
                      "[max_unpool2d] tensor and switches must have the same batch size; got (3, 2, 2, 1) "
                      "and (2, 2, 2, 1)");
    CHECK_THROWS_WITH(max_unpool2d(y, pool(other)),
                      "[max_unpool2d] tensor and switches must be on the same device object");
}

}  // namespace gantry::test
