// The ladder of matrix products: the plain kernel against the contract in double, the tiled kernels and
// cuBLAS against the plain one.
#include "cuda/placed.hpp"
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/options.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include "support/reference_device.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <kernels/matmul.cuh>

namespace gantry::test {
namespace {

struct Extents {
    int rows, columns, inner;
};

/// A product of random matrices, on any device, by any of its functions.
template <class T>
struct Product {
    Extents extents;
    bool transpose_a = false, transpose_b = false, accumulate = false, with_bias = false;
    Activation activation = {};
    std::size_t offset = 0;  ///< of all arrays from an aligned address, in numbers

    std::vector<T> a() const { return numbers(extents.rows, extents.inner, "a"); }
    std::vector<T> b() const { return numbers(extents.inner, extents.columns, "b"); }
    std::vector<T> bias() const { return numbers(1, extents.columns, "bias"); }
    /// What is in C before: with accumulate it counts, else it must not be seen.
    std::vector<T> before() const {
        std::vector<T> c = numbers(extents.rows, extents.columns, "c");
        if (!accumulate) std::fill(c.begin(), c.end(), std::numeric_limits<T>::quiet_NaN());
        return c;
    }
    MatmulParameters<T> parameters(const T* a, const T* b, T* c, const T* bias) const {
        return {extents.rows,
                extents.columns,
                extents.inner,
                transpose_a,
                transpose_b,
                a,
                b,
                c,
                accumulate,
                with_bias ? bias : nullptr,
                activation};
    }

    template <class F>
    std::vector<T> on(Cuda& device, const F& f) const {
        const Placed<T, Cuda> in_a(device, a(), offset), in_b(device, b(), offset),
            in_bias(device, bias(), offset), c(device, before(), offset);
        f(device, parameters(in_a.data(), in_b.data(), c.data(), in_bias.data()));
        return c.to_host();
    }
    std::vector<T> on_reference() const {
        Reference reference;
        const std::vector<T> in_a = a(), in_b = b(), in_bias = bias();
        std::vector<T> c = before();
        launch(reference, parameters(in_a.data(), in_b.data(), c.data(), in_bias.data()));
        return c;
    }

private:
    static std::vector<T> numbers(int rows, int columns, const char* name) {
        return random_numbers<T>(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns), name);
    }
};

constexpr auto plain = [](Cuda& device, const auto& p) { cuda::matmul_plain(device, p); };
constexpr auto tiled = [](Cuda& device, const auto& p) { cuda::matmul_tiled(device, p); };
constexpr auto cublas = [](Cuda& device, const auto& p) { cuda::matmul_cublas(device, p); };
constexpr auto chosen = [](Cuda& device, const auto& p) { launch(device, p); };

/// Relative to the largest number that is expected.
template <class T>
double error(const std::vector<T>& got, const std::vector<T>& expected) {
    double largest = 1;
    for (const T x : expected) largest = std::max(largest, std::abs(static_cast<double>(x)));
    double result = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double e = std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])) / largest;
        result = e <= result ? result : std::isnan(e) ? INFINITY : e;
    }
    return result;
}

/// All transposes, alone, added, and followed by bias and activation; with and without packs.
template <class T>
void check(Cuda& device, const Extents& extents) {
    CAPTURE(extents.rows, extents.columns, extents.inner);
    for (int variant = 0; variant < 16; ++variant) {
        Product<T> p{extents, (variant & 1) != 0, (variant & 2) != 0};
        p.accumulate = (variant & 4) != 0;
        if (!p.accumulate) {
            p.with_bias = true;
            p.activation = variant % 3 == 0 ? Activation{ActivationKind::tanh}
                                            : Activation{ActivationKind::leaky_relu, 0.2};
        }
        p.offset = (variant & 8) != 0 ? 1 : 0;
        CAPTURE(variant);
        const std::vector<T> expected = p.on(device, plain);
        REQUIRE(error(p.on(device, tiled), expected) <= tolerance<T>);
        REQUIRE(error(p.on(device, cublas), expected) <= tolerance<T>);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("cuda: the plain product is what the contract says", "[cuda]", float, double) {
    Cuda device;
    for (const Extents extents : {Extents{5, 7, 9}, {1, 300, 3}, {300, 1, 3}, {3, 4, 0}})
        for (int variant = 0; variant < 8; ++variant) {
            Product<TestType> p{extents, (variant & 1) != 0, (variant & 2) != 0};
            p.accumulate = (variant & 4) != 0;
            p.with_bias = !p.accumulate;
            if (!p.accumulate) p.activation = {ActivationKind::sigmoid};
            CHECK(error(p.on(device, plain), p.on_reference()) <= tolerance<TestType>);
        }
}

TEMPLATE_TEST_CASE("cuda: tiled products and cuBLAS are right at any extents", "[cuda]", float, double) {
    Cuda device;
    for (const Extents extents :
         {Extents{1, 1, 1}, {1, 37, 9}, {37, 1, 9}, {5, 3, 50}, {33, 39, 17}, {31, 32, 16}, {36, 40, 64}})
        check<TestType>(device, extents);
    check<TestType>(device, {130, 8, 12});  // narrow
    check<TestType>(device, {7, 5, 0});     // the sum of nothing
}

TEST_CASE("cuda: large tiles and parts of long sums", "[cuda]") {
    Cuda device;
    const auto compare = [&](const Product<float>& p) {
        CHECK(error(p.on(device, tiled), p.on(device, plain)) <= tolerance<float>);
    };
    for (int transposes = 0; transposes < 4; ++transposes) {
        Product<float> p{{644, 645, 20}, (transposes & 1) != 0, (transposes & 2) != 0};
        p.with_bias = true;
        compare(p);  // 121 large tiles
        p.activation = {ActivationKind::leaky_relu, 0.2};
        p.extents = {20, 24, 2000};
        compare(p);
        p.extents = {5, 3, 4100};
        compare(p);
    }
    Product<float> gradient{{66, 68, 7000}, true, false};
    compare(gradient);  // 4 large tiles in 27 parts
    Product<float> sum{{20, 30, 3000}};
    sum.accumulate = true;
    compare(sum);
}

TEST_CASE("cuda: products of nothing start nothing", "[cuda]") {
    Cuda device;
    cuda_emulator::reset_counts();
    for (const Extents extents : {Extents{0, 3, 2}, {3, 0, 2}, {0, 0, 0}}) {
        Product<float>{extents}.on(device, tiled);
        Product<float>{extents}.on(device, cublas);
        Product<float>{extents}.on(device, chosen);
    }
    CHECK(cuda_emulator::counts().total_launches() == 0);
    CHECK(cuda_emulator::counts().library_calls.empty());
}

TEST_CASE("cuda: a product has the same bits in any order of blocks and threads", "[cuda]") {
    Product<float> p{{70, 45, 3000}, true, false};
    p.with_bias = true;
    Cuda device;
    const std::vector<float> expected = p.on(device, tiled);
    for (const auto order : {cuda_emulator::Order::reverse, cuda_emulator::Order::shuffled}) {
        cuda_emulator::set_order(order, 3);
        CHECK(same_bits(p.on(device, tiled), expected));
    }
    cuda_emulator::set_order(cuda_emulator::Order::forward);
}

TEST_CASE("cuda: which product is used", "[cuda]") {
    Cuda device;
    const auto launches = [&](const Product<float>& p) {
        cuda_emulator::reset_counts();
        p.on(device, chosen);
        return cuda_emulator::counts().launches;
    };
    using Launches = std::map<std::string, std::size_t>;
    Product<float> p{{128, 100, 240}};
    p.with_bias = true;
    CHECK(launches(p) == Launches{{"matmul_tiled", 1}});
    p.extents = {128, 100, 784};  // a part of the sum for each of 3 blocks
    CHECK(launches(p) == Launches{{"matmul_tiled", 1}});
    CHECK(cuda::parts_of<float>(device, 16, 784, 12800).count == 3);
    CHECK(cuda::parts_of<float>(device, 16, 767, 12800).count == 1);
    CHECK(cuda::parts_of<float>(device, 200, 10000, 12800).count == 1);
    p.extents = {256, 260, 256};
    CHECK(launches(p) == Launches{{"matmul_tiled", 1}});
    p.with_bias = false;
    CHECK(launches(p).empty());
    CHECK(cuda_emulator::counts().library_calls == Launches{{"cublasSgemm", 1}});
    p.extents = {3000, 8, 1000};
    CHECK(launches(p).count("matmul_tiled") == 1);
}

TEST_CASE("cuda: TF32 is used if it was asked for, and else is not", "[cuda]") {
    const Product<float> p{{40, 50, 60}};
    Cuda exact, fast{{.tf32 = true}};
    const std::vector<float> expected = p.on(exact, plain);
    CHECK(error(p.on(exact, cublas), expected) < 1e-6);
    CHECK(error(p.on(fast, cublas), expected) > 1e-5);
    CHECK(error(p.on(fast, cublas), expected) < 1e-2);
    const Product<double> q{{40, 50, 60}};  // has no TF32
    CHECK(error(q.on(fast, cublas), q.on(exact, plain)) <= tolerance<double>);

    const auto mode = [](const Cuda& device) {
        cublasMath_t result{};
        CHECK(cublasGetMathMode(device.cublas(), &result) == CUBLAS_STATUS_SUCCESS);
        return result;
    };
    CHECK(mode(exact) == CUBLAS_DEFAULT_MATH);  // not PEDANTIC, which is for debugging, and slower
    CHECK(mode(fast) == CUBLAS_TF32_TENSOR_OP_MATH);
    const std::vector<float> by_default = p.on(exact, cublas);
    CHECK(cublasSetMathMode(exact.cublas(), CUBLAS_PEDANTIC_MATH) == CUBLAS_STATUS_SUCCESS);
    CHECK(same_bits(p.on(exact, cublas), by_default));
}

TEST_CASE("cuda: products are collected into a graph", "[cuda]") {
    Cuda device;
    Product<float> p{{30, 40, 1000}};
    p.with_bias = true;
    p.activation = {ActivationKind::leaky_relu, 0.2};
    const std::vector<float> expected = p.on(device, plain);
    for (const bool library : {false, true}) {
        const auto in_graph = [&](Cuda& d, const MatmulParameters<float>& parameters) {
            cuda_emulator::reset_counts();
            d.memory().stream().collect();
            library ? cuda::matmul_cublas(d, parameters) : cuda::matmul_tiled(d, parameters);
            d.memory().stream().start_collected();
            d.synchronize();
            CHECK(cuda_emulator::counts().graph_launches == 1);
            CHECK(cuda_emulator::counts().graph_nodes == (library ? 2 : 1));
            CHECK(cuda_emulator::counts().synchronizations == 1);
            CHECK(cuda_emulator::counts().allocations == 0);
        };
        CHECK(error(p.on(device, in_graph), expected) <= tolerance<float>);
    }
}

}  // namespace gantry::test
