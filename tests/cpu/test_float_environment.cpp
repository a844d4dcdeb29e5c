#include <gantry/core/math.hpp>
#include <gantry/cpu/elementwise.hpp>
#include <gantry/cpu/softmax.hpp>
#include <gantry/cpu/threads/parallel.hpp>

#include <cfenv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <thread>
#include <vector>

#include <support/catch.hpp>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

using namespace gantry;

namespace {

/// A functor that calls vectorised functions and divides by 0 in lanes without an element.
struct Functions {
    template <class V>
    V operator()(V x) const {
        const V one = math::constant<V>(1);
        return math::tanh(x) + math::exp(x) + math::log(x) / x + math::sigmoid(one / x);
    }
};

struct Results {
    std::vector<float> elements, shares;
    bool operator==(const Results&) const = default;
};

/// Rounding mode and trap mask of this thread. (std::fegetround reads only the x87 unit.)
unsigned environment() {
#ifdef __SSE2__
    return _mm_getcsr() & ~0x3fu;  // without the exception flags
#else
    return static_cast<unsigned>(std::fegetround());
#endif
}

/// Runs kernels with a partial last vector.
Results run_kernels(int threads) {
    constexpr std::size_t size = 40003;
    std::vector<float> x(size);
    for (std::size_t i = 0; i < size; ++i) x[i] = static_cast<float>(i % 97 + 1) / 8;  // exact
    Results r{std::vector<float>(size), std::vector<float>(size)};
    Cpu device{{.threads = threads}};
    launch(device, contracts::ElementwiseParameters<Functions, float, 1>{
                       {}, size, r.elements.data(), {x.data()}, {false}});
    launch(device, contracts::SoftmaxParameters<float>{size / 13, 13, x.data(), r.shares.data()});
    return r;
}

}  // namespace

TEST_CASE("kernels give the same bits in any rounding mode", "[threads]") {
    const Results expected = run_kernels(1);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
        CAPTURE(mode);
        std::fesetround(mode);
        const unsigned before = environment();
        const Results one = run_kernels(1), four = run_kernels(4);
        const unsigned after = environment();
        std::fesetround(FE_TONEAREST);
        CHECK(after == before);
        CHECK((one == expected));
        CHECK((four == expected));
    }
    CHECK((run_kernels(4) == expected));
}

#if defined(__GLIBC__) && defined(__SSE2__)
TEST_CASE("kernels raise no traps, and restore the program's traps") {
    const Results expected = run_kernels(1);
    constexpr int traps = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW;
    std::feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(traps);
    const unsigned before = environment();
    const Results one = run_kernels(1), four = run_kernels(4);
    const unsigned after = environment();
    fedisableexcept(traps);
    CHECK(after == before);
    CHECK((one == expected));
    CHECK((four == expected));
}

TEST_CASE("workers treat subnormal numbers like their caller", "[threads]") {
    constexpr unsigned subnormals_are_0 = 0x8040;
    const unsigned before = _mm_getcsr();
    for (const unsigned wanted : {subnormals_are_0, 0u, subnormals_are_0}) {
        _mm_setcsr((before & ~subnormals_are_0) | wanted);
        const std::thread::id caller = std::this_thread::get_id();
        unsigned found = ~0u;
        while (found == ~0u)
            cpu::parallel(2, [&](int part, int) {
                if (part == 0)
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                else if (std::this_thread::get_id() != caller)
                    found = _mm_getcsr() & subnormals_are_0;
            });
        _mm_setcsr(before);
        CHECK(found == wanted);
    }
}
#endif
