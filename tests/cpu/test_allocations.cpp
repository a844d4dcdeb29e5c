#include <gantry/cpu/convolution/convolution.hpp>
#include <gantry/cpu/gemm/matmul.hpp>

#include <cstddef>
#include <thread>
#include <vector>

#include <support/catch.hpp>
#include <support/count_allocations.hpp>

using gantry::Cpu;
using gantry::contracts::ConvolutionAxis;
using gantry::contracts::ConvolutionGeometry;
using gantry::contracts::MatmulParameters;

namespace {

/// The kernel's scratch memory must reach its final size in the first call.
template <class Parameters>
void check_steady(Cpu& device, const Parameters& parameters) {
    launch(device, parameters);
    const std::size_t before = gantry::test::allocations;
    for (int i = 0; i < 3; ++i) launch(device, parameters);
    CHECK(gantry::test::allocations == before);
}

}  // namespace

TEST_CASE("A product allocates nothing from its second call on", "[matmul]") {
    struct Extents {
        int rows, columns, inner;
    };
    std::vector<float> a(200000, 1), b(200000, 1), c(200000);
    Cpu device{{.threads = 2}};
    for (const Extents e : {Extents{128, 240, 784}, {1, 240, 784}, {128, 1, 240}, {130, 33, 7}}) {
        MatmulParameters<float> p;
        p.rows = e.rows;
        p.columns = e.columns;
        p.inner = e.inner;
        p.a = a.data();
        p.b = b.data();
        p.c = c.data();
        check_steady(device, p);
    }
}

TEST_CASE("A convolution allocates nothing from its second call on", "[convolution]") {
    const ConvolutionAxis halves{16, 8, 4, 2, 1, 1}, keeps{16, 16, 3, 1, 1, 1};
    Cpu device{{.threads = 2}};
    for (const ConvolutionGeometry& g :
         {ConvolutionGeometry{20, halves, halves, 16, 40}, ConvolutionGeometry{20, halves, keeps, 3, 40},
          ConvolutionGeometry{2, keeps, keeps, 24, 40}}) {
        std::vector<float> x(g.x_size(), 1), y(g.y_size(), 1), w(g.w_size(), 1);
        check_steady(device, gantry::contracts::ConvolutionParameters<float>{
                                 g, x.data(), w.data(), y.data(), nullptr, {}});
        check_steady(device, gantry::contracts::ConvolutionTransposedParameters<float>{
                                 g, y.data(), w.data(), x.data(), nullptr, {}});
        check_steady(device, gantry::contracts::ConvolutionWeightGradientParameters<float>{
                                 g, x.data(), y.data(), w.data(), false});
    }
}

TEST_CASE("A failed allocation on any thread of a kernel reaches the caller", "[convolution]") {
    if (!gantry::test::counts_allocations) return;
    // Larger than in any other test, so that the threads' scratch memory must grow.
    const ConvolutionAxis axis{40, 40, 3, 1, 1, 1};
    const ConvolutionGeometry g{8, axis, axis, 48, 72};
    std::vector<double> x(g.x_size(), 1), y(g.y_size(), 1), w(g.w_size(), 1), gradient(g.w_size());
    Cpu device{{.threads = 4}};
    std::size_t failures = 0;
    std::thread([&] {  // a thread without scratch memory
        failures = gantry::test::fail_each_allocation([&] {
            launch(device, gantry::contracts::ConvolutionParameters<double>{
                               g, x.data(), w.data(), y.data(), nullptr, {}});
            launch(device, gantry::contracts::ConvolutionWeightGradientParameters<double>{
                               g, x.data(), y.data(), gradient.data(), false});
        });
    })
        .join();
    CHECK(failures > 1);
    CHECK(y[g.y_size() / 2 + (40 * 20 + 20) * 72] == 9 * 48);
}
