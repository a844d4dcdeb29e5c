// Matrix products: the plain kernel against the contract in double, the tiled kernels and cuBLAS against the
// plain one.
#include "cuda/product.hpp"
#include "support/catch.hpp"

#include <vector>

namespace gantry::test {
namespace {

/// All transposes: alone, accumulated, and followed by bias and activation; with and without packs.
template <class T>
void check_product(Cuda& device, const ProductExtents& extents) {
    CAPTURE(extents.rows, extents.columns, extents.inner);
    for (int variant = 0; variant < 16; ++variant) {
        Product<T> p{extents, (variant & 1) != 0, (variant & 2) != 0};
        p.accumulate = (variant & 4) != 0;
        if (!p.accumulate) {
            p.with_bias = true;
            p.activation = variant % 3 == 0
                               ? contracts::Activation{contracts::ActivationKind::tanh}
                               : contracts::Activation{contracts::ActivationKind::leaky_relu, 0.2};
        }
        p.offset = (variant & 8) != 0 ? 1 : 0;
        CAPTURE(variant);
        const std::vector<T> expected = p.on(device, plain);
        REQUIRE(error(p.on(device, tiled), expected) <= tolerance<T>);
        REQUIRE(error(p.on(device, cublas), expected) <= library_tolerance<T>);
    }
}

// A network with other sums does not compile.
static_assert(Cuda::sums_in<float, float> && Cuda::sums_in<double, double> && !Cuda::sums_in<float, double>);

}  // namespace

TEMPLATE_TEST_CASE("cuda: the plain product follows its contract", "[cuda]", float, double) {
    Cuda device;
    for (const ProductExtents extents : {ProductExtents{5, 7, 9}, {1, 300, 3}, {300, 1, 3}, {3, 4, 0}})
        for (int variant = 0; variant < 8; ++variant) {
            Product<TestType> p{extents, (variant & 1) != 0, (variant & 2) != 0};
            p.accumulate = (variant & 4) != 0;
            p.with_bias = !p.accumulate;
            if (!p.accumulate) p.activation = {contracts::ActivationKind::sigmoid};
            CHECK(error(p.on(device, plain), p.on_reference()) <= tolerance<TestType>);
        }
}

TEMPLATE_TEST_CASE("cuda: tiled products and cuBLAS are correct for any extents", "[cuda]", float, double) {
    Cuda device;
    for (const ProductExtents extents : {ProductExtents{1, 1, 1},
                                         {1, 37, 9},
                                         {37, 1, 9},
                                         {5, 3, 50},
                                         {33, 39, 17},
                                         {31, 32, 16},
                                         {36, 40, 64}})
        check_product<TestType>(device, extents);
    check_product<TestType>(device, {130, 8, 12});  // narrow
    check_product<TestType>(device, {7, 5, 0});     // empty sums
}

TEST_CASE("cuda: large tiles and split-K", "[cuda]") {
    Cuda device;
    const auto compare = [&](const Product<float>& p) {
        CHECK(error(p.on(device, tiled), p.on(device, plain)) <= tolerance<float>);
    };
    for (int transposes = 0; transposes < 4; ++transposes) {
        Product<float> p{{644, 645, 20}, (transposes & 1) != 0, (transposes & 2) != 0};
        p.with_bias = true;
        compare(p);  // 121 large tiles
        p.activation = {contracts::ActivationKind::leaky_relu, 0.2};
        p.extents = {20, 24, 2000};
        compare(p);
        p.extents = {5, 3, 4100};
        compare(p);
    }
    Product<float> gradient{{66, 68, 7000}, true, false};
    compare(gradient);  // 4 large tiles, split-K 27
    Product<float> sum{{20, 30, 3000}};
    sum.accumulate = true;
    compare(sum);
}

TEST_CASE("cuda: empty products leave memory unchanged", "[cuda]") {
    Cuda device;
    for (const ProductExtents extents : {ProductExtents{0, 3, 2}, {3, 0, 2}, {0, 0, 0}}) {
        const Product<float> p{extents};
        CHECK(p.on(device, tiled).empty());  // Placed checks the elements before it
        CHECK(p.on(device, cublas).empty());
        CHECK(p.on(device, chosen).empty());
    }
}

TEST_CASE("cuda: a product has the same bits each time", "[cuda]") {
    Product<float> p{{70, 45, 3000}, true, false};  // split-K: any block may finish last
    p.with_bias = true;
    Cuda device;
    const std::vector<float> expected = p.on(device, tiled);
    for (int i = 0; i < repetitions; ++i) REQUIRE(same_bits(p.on(device, tiled), expected));
}

TEST_CASE("cuda: a product by cuBLAS has float precision, and TF32 precision on request", "[cuda]") {
    const Product<float> p{{40, 50, 60}};
    Cuda exact, fast{{.tf32 = true}};
    const std::vector<float> expected = p.on(exact, plain);
    CHECK(error(p.on(exact, cublas), expected) <= library_tolerance<float>);
    CHECK(error(p.on(fast, cublas), expected) < 1e-2);
    const Product<double> q{{40, 50, 60}};  // TF32 does not apply
    CHECK(error(q.on(fast, cublas), q.on(exact, plain)) <= tolerance<double>);

    const auto mode = [](const Cuda& device) {
        cublasMath_t result{};
        CHECK(cublasGetMathMode(device.cublas(), &result) == CUBLAS_STATUS_SUCCESS);
        return result;
    };
    CHECK(mode(exact) == CUBLAS_DEFAULT_MATH);  // not PEDANTIC, which is for debugging and slower
    CHECK(mode(fast) == CUBLAS_TF32_TENSOR_OP_MATH);
    const std::vector<float> by_default = p.on(exact, cublas);
    CHECK(cublasSetMathMode(exact.cublas(), CUBLAS_PEDANTIC_MATH) == CUBLAS_STATUS_SUCCESS);
    CHECK(same_bits(p.on(exact, cublas), by_default));
}

TEST_CASE("cuda: a product in a graph equals the one outside", "[cuda]") {
    Cuda device;
    Product<float> p{{30, 40, 1000}};
    p.with_bias = true;
    p.activation = {contracts::ActivationKind::leaky_relu, 0.2};
    const std::vector<float> expected = p.on(device, plain);
    const auto in_graph = [&](const auto& f) {
        return p.on(device,
                    [&](Cuda& d, const auto& parameters) { d.run_as_graph([&] { f(d, parameters); }); });
    };
    CHECK(error(in_graph(tiled), expected) <= tolerance<float>);
    CHECK(error(in_graph(cublas), expected) <= library_tolerance<float>);
}

}  // namespace gantry::test
