#include "cuda/placed.hpp"
#include <gantry/cpu/random.hpp>

#include <cmath>

using namespace gantry;
using namespace gantry::test;

namespace {

const struct {
    double low, high;
} ranges[] = {{0, 4}, {-std::sqrt(3.), std::sqrt(3.)}, {-0.05, 0.05}, {1. / 3, 1000.1}, {0.9, 1.1}};
const std::size_t some_counts[] = {0, 1, 15, 16, 17, 63, 64, 65, 1000, 4099};

RandomStream stream() {
    RandomStream s(Seed{(std::uint64_t{3} << 32) + 5}, "cuda");
    s.position = 0xFFFFFFF0u;  // the low word of the counter overflows
    return s;
}

}  // namespace

TEMPLATE_TEST_CASE("cuda: uniform numbers and dropout are bitwise equal to the CPU's", "", float, double) {
    using T = TestType;
    Cuda device;
    Cpu cpu;
    for (const std::size_t n : some_counts) {
        CAPTURE(n);
        const auto x = random_numbers<T>(n, "x");
        const auto run = [&](auto& d, std::size_t offset) {
            const Placed in(d, x, offset), dropped(d, std::vector<T>(n, T(NAN)), offset);
            launch(d, contracts::DropoutParameters<T>{n, in.data(), dropped.data(), 0.7, stream()});
            std::vector<std::vector<T>> results{dropped.to_host()};
            // Ranges that round: contraction to an FMA would change the bits.
            for (const auto& [low, high] : ranges) {
                const Placed uniform(d, std::vector<T>(n, T(NAN)), offset);
                launch(d, contracts::UniformParameters<T>{n, uniform.data(), low, high, stream()});
                results.push_back(uniform.to_host());
            }
            return joined<T>(results);
        };
        const auto expected = run(cpu, 0);
        CHECK(same_bits(run(device, 0), expected));
        CHECK(same_bits(run(device, 1), expected));
    }
}

TEMPLATE_TEST_CASE("cuda: normal numbers match the CPU's up to rounding", "", float, double) {
    Cuda device;
    for (const std::size_t n : some_counts) {
        CAPTURE(n);
        check_kernel<TestType>(
            device,
            [&]<class T>(auto& d, std::size_t offset) {
                const Placed y(d, std::vector<T>(n, T(NAN)), offset);
                launch(d, contracts::NormalParameters<T>{n, y.data(), 0.5, 2, stream()});
                return y.to_host();
            },
            tolerance<TestType>);
    }
}
