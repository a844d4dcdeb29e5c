#include <gantry/cpu/gemm/matmul.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include <support/catch.hpp>
#include <support/reference_activation.hpp>

using gantry::Cpu;
using gantry::contracts::Activation;
using gantry::contracts::ActivationKind;
using gantry::contracts::MatmulParameters;

namespace {

struct ProductExtents {
    int rows, columns, inner;
};

/// A product with random operands, compared with a triple loop in double.
template <class T>
struct Product {
    ProductExtents extents;
    bool transpose_a = false, transpose_b = false, accumulate = false, with_bias = false;
    Activation activation = {};
    std::vector<T> a, b, bias, before, c;

    explicit Product(ProductExtents e) : extents(e) {
        std::mt19937 random(static_cast<unsigned>(e.rows * 7919 + e.columns * 104729 + e.inner));
        const auto fill = [&](int size) {
            std::vector<T> x(static_cast<std::size_t>(size));
            for (T& value : x) value = static_cast<T>(std::normal_distribution<double>()(random));
            return x;
        };
        a = fill(e.rows * e.inner);
        b = fill(e.inner * e.columns);
        bias = fill(e.columns);
        before = fill(e.rows * e.columns);
    }

    MatmulParameters<T> parameters() {
        MatmulParameters<T> p;
        p.rows = extents.rows;
        p.columns = extents.columns;
        p.inner = extents.inner;
        p.transpose_a = transpose_a;
        p.transpose_b = transpose_b;
        p.a = a.data();
        p.b = b.data();
        p.c = c.data();
        p.accumulate = accumulate;
        p.bias = with_bias ? bias.data() : nullptr;
        p.activation = activation;
        return p;
    }
    void run(int threads) {
        // A kernel that overwrites its result must not read the old contents.
        c = accumulate ? before : std::vector<T>(before.size(), std::numeric_limits<T>::quiet_NaN());
        Cpu device{{.threads = threads}};
        launch(device, parameters());
    }
    /// The largest error, relative to the error bound inner eps sum |a b|.
    double error() const {
        double largest = 0;
        const auto [rows, columns, inner] = extents;
        for (int i = 0; i < rows; ++i) {
            for (int j = 0; j < columns; ++j) {
                const auto ij = static_cast<std::size_t>(i * columns + j);
                double sum = accumulate ? before[ij] : 0, size = std::abs(sum) + 1;
                for (int k = 0; k < inner; ++k) {
                    const double term =
                        static_cast<double>(
                            a[static_cast<std::size_t>(transpose_a ? k * rows + i : i * inner + k)]) *
                        b[static_cast<std::size_t>(transpose_b ? j * inner + k : k * columns + j)];
                    sum += term;
                    size += std::abs(term);
                }
                if (with_bias) sum += bias[static_cast<std::size_t>(j)];
                const double bound = size * (inner + 8) * std::numeric_limits<T>::epsilon();
                const double error = std::abs(c[ij] - gantry::reference::activate(activation, sum)) / bound;
                if (!(error <= largest)) largest = error;  // keeps a NaN
            }
        }
        return largest;
    }
};

template <class T>
void check_all_transposes(Product<T> product) {
    for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
            product.transpose_a = transpose_a;
            product.transpose_b = transpose_b;
            product.run(1);
            const auto [rows, columns, inner] = product.extents;
            CAPTURE(rows, columns, inner, transpose_a, transpose_b, product.accumulate);
            REQUIRE(product.error() <= 1);
            const std::vector<T> one_thread = product.c;
            for (const int threads : {2, 3}) {
                product.run(threads);
                CAPTURE(threads);
                REQUIRE(product.c == one_thread);
            }
        }
    }
}

}  // namespace

TEMPLATE_TEST_CASE("A product is correct at every tile border", "[matmul]", float, double) {
    for (int rows = 1; rows <= 40; ++rows)
        for (const int columns : {1, 2, 7, 15, 16, 17, 31, 32, 33, 40})
            check_all_transposes(Product<TestType>({rows, columns, 1 + (rows * 5 + columns * 3) % 37}));
    for (int inner = 1; inner <= 40; ++inner) check_all_transposes(Product<TestType>({15, 21, inner}));
}

TEMPLATE_TEST_CASE("A product whose sum and rows are split into blocks is correct", "[matmul][threads]",
                   float, double) {
    check_all_transposes(Product<TestType>({128, 240, 784}));
    check_all_transposes(Product<TestType>({61, 129, 1201}));
    check_all_transposes(Product<TestType>({701, 35, 390}));
    check_all_transposes(Product<TestType>({20, 600, 769}));  // blocks of 256 and 257 of a large B
    check_all_transposes(Product<TestType>({1, 300, 800}));
    check_all_transposes(Product<TestType>({1000, 1, 800}));
    check_all_transposes(Product<TestType>({1, 1, 1000}));
}

TEMPLATE_TEST_CASE("A product is added to C", "[matmul][threads]", float, double) {
    for (const ProductExtents extents :
         {ProductExtents{1, 1, 1}, {1, 37, 9}, {37, 1, 9}, {5, 3, 500}, {33, 39, 7}, {128, 200, 400}}) {
        Product<TestType> product(extents);
        product.accumulate = true;
        check_all_transposes(product);
    }
}

TEMPLATE_TEST_CASE("Bias and activation follow the product in the same pass", "[matmul][threads]", float,
                   double) {
    for (const Activation activation : gantry::reference::all_activations()) {
        for (const ProductExtents extents : {ProductExtents{1, 45, 3},
                                             {1, 300, 1},
                                             {45, 1, 3},
                                             {20, 50, 5},
                                             {16, 32, 3},
                                             {7, 33, 400},
                                             {8, 400, 200},  // split into columns
                                             {300, 301, 5}}) {
            Product<TestType> product(extents);
            product.with_bias = true;
            product.activation = activation;
            CAPTURE(static_cast<int>(activation.kind));
            check_all_transposes(product);
        }
    }
}

TEMPLATE_TEST_CASE("A product with inner extent 0 is zero", "[matmul]", float, double) {
    for (const ProductExtents extents : {ProductExtents{0, 3, 2}, {3, 0, 2}, {0, 0, 0}, {1, 0, 2}, {0, 1, 2}})
        check_all_transposes(Product<TestType>(extents));
    for (const ProductExtents extents : {ProductExtents{3, 50, 0}, {1, 50, 0}, {50, 1, 0}}) {
        Product<TestType> product(extents);
        check_all_transposes(product);
        product.with_bias = true;
        product.activation = {ActivationKind::leaky_relu, 0.2};
        check_all_transposes(product);
        product.with_bias = false;
        product.activation = {};
        product.accumulate = true;
        check_all_transposes(product);
        product.run(1);
        CHECK(product.c == product.before);
    }
}

TEST_CASE("A row of a batch gives the same bits as alone", "[matmul]") {
    Product<float> batch({29, 50, 900});
    batch.with_bias = true;
    batch.run(1);
    Product<float> single = batch;
    single.extents.rows = 1;
    for (std::size_t i = 0; i < 29; ++i) {
        std::copy_n(batch.a.data() + i * 900, 900, single.a.data());
        single.run(1);
        CAPTURE(i);
        REQUIRE(
            std::equal(single.c.begin(), single.c.begin() + 50, batch.c.begin() + static_cast<long>(i * 50)));
    }
}

TEST_CASE("The program's threads can compute products at the same time", "[matmul][threads]") {
    std::vector<Product<float>> products;
    for (int i = 0; i < 4; ++i) products.emplace_back(ProductExtents{40 + i, 50, 60});
    std::vector<std::thread> threads;
    for (Product<float>& product : products) threads.emplace_back([&] { product.run(1); });
    for (std::thread& thread : threads) thread.join();
    for (const Product<float>& product : products) CHECK(product.error() <= 1);
}
