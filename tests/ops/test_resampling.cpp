#include "ops/resampling_reference.hpp"
#include "support/op_check.hpp"

#include <cmath>
#include <type_traits>
#include <vector>

namespace gantry::test {
namespace {

using resampling_reference::channels;

const auto fir_up = [](const auto& x) { return fir_upsample<1, 3, 3, 1>(x); };
const auto fir_down = [](const auto& x) { return fir_downsample<1, 3, 3, 1>(x); };
const auto odd_up = [](const auto& x) { return fir_upsample<1, 2, 5>(x); };
const auto odd_down = [](const auto& x) { return fir_downsample<1, 2, 5>(x); };
const auto long_up = [](const auto& x) { return fir_upsample<1, -2, 5, 7, 3>(x); };
const auto long_down = [](const auto& x) { return fir_downsample<1, -2, 5, 7, 3>(x); };
const auto bilinear = [](const auto& x) { return bilinear_upsample(x); };

template <class D, class T, int height, int width, class F>
void check_resampling(const resampling_reference::Case& e, const F& f, double tolerance) {
    D device;
    const Step step{device};
    const auto given = [&]<class S>(S, const std::vector<double>& numbers) {
        return from_host<S>(device, resampling_reference::batch,
                            std::vector<T>(numbers.begin(), numbers.end()));
    };
    const auto x = variable(given(Shape<Batch, height, width, channels>{}, e.x));
    const auto y = f(x);
    CHECK(largest_error(y.to_host(), e.y) < tolerance);
    const auto result = sum(y * given(typename std::decay_t<decltype(y)>::shape{}, e.upstream));
    CHECK(largest_error(grad(result, x).to_host(), e.x_gradient) < tolerance);
    CHECK(std::abs(sum(x * grad(result, x)).item() - result.item()) < 100 * tolerance);  // adjoint
}

template <class D, class T>
void check_all_resamplings(double tolerance) {
    namespace r = resampling_reference;
    check_resampling<D, T, 3, 4>(r::upsample, fir_up, tolerance);
    check_resampling<D, T, 4, 6>(r::downsample, fir_down, tolerance);
    check_resampling<D, T, 2, 3>(r::upsample_odd, odd_up, tolerance);
    check_resampling<D, T, 6, 4>(r::downsample_odd, odd_down, tolerance);
    check_resampling<D, T, 2, 3>(r::upsample_long, long_up, tolerance);
    check_resampling<D, T, 4, 2>(r::downsample_long, long_down, tolerance);
    check_resampling<D, T, 3, 4>(r::bilinear, bilinear, tolerance);
    check_resampling<D, T, 1, 2>(r::bilinear_of_one_row, bilinear, tolerance);
}

}  // namespace

TEMPLATE_TEST_CASE("resampling by 2", "[ops]", GANTRY_TEST_DEVICES) {
    using D = TestType;
    check_op<D, Shape<Batch, 2, 3, 2>>("fir_upsample", fir_up);
    check_op<D, Shape<Batch, 1, 2, 8>>("fir_upsample", long_up);
    check_op<D, Shape<Batch, 4, 2, 2>>("fir_downsample", fir_down);
    check_op<D, Shape<Batch, 2, 4, 9>>("fir_downsample", odd_down);
    check_op<D, Shape<Batch, 2, 3, 2>>("bilinear_upsample", bilinear);
    check_op<D, Shape<Batch, 1, 2, 8>>("bilinear_upsample", bilinear);
}

TEMPLATE_TEST_CASE("resampling matches StyleGAN2, R3GAN and PyTorch", "[ops]", GANTRY_TEST_DEVICES) {
    check_all_resamplings<TestType, double>(1e-11);
    check_all_resamplings<TestType, float>(1e-5);
}

TEMPLATE_TEST_CASE("resampling has the same bits with any number of threads", "[ops]", float, double) {
    const auto run = [](int threads) {
        Cpu device{{.threads = threads}};
        const Step step{device};
        using S = Shape<Batch, 24, 20, 37>;
        const auto x = from_host<S>(device, 3, random_numbers<TestType>(S::size(3), "x"));
        return fir_down(bilinear(x)).to_host();
    };
    CHECK(same_bits(run(1), run(3)));
}

}  // namespace gantry::test
