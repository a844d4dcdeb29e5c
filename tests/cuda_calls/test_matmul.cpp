// The kernels and library calls of a matrix product, and the order of its blocks.
#include "cuda/product.hpp"
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/options.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace gantry::test {

TEST_CASE("cuda: empty products launch nothing", "[cuda]") {
    Cuda device;
    cuda_emulator::reset_counts();
    for (const ProductExtents extents : {ProductExtents{0, 3, 2}, {3, 0, 2}, {0, 0, 0}}) {
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

TEST_CASE("cuda: which matrix product kernel is used", "[cuda]") {
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
    p.extents = {128, 100, 784};  // each sum is split over 3 blocks
    CHECK(launches(p) == Launches{{"matmul_tiled", 1}});
    CHECK(parts_of_product(device, 16, 784, 12800) == 3);
    CHECK(parts_of_product(device, 16, 767, 12800) == 1);
    CHECK(parts_of_product(device, 200, 10000, 12800) == 1);
    p.extents = {256, 260, 256};
    CHECK(launches(p) == Launches{{"matmul_tiled", 1}});
    p.with_bias = false;
    CHECK(launches(p).empty());
    CHECK(cuda_emulator::counts().library_calls == Launches{{"cublasSgemm", 1}});
    p.extents = {3000, 8, 1000};
    CHECK(launches(p).count("matmul_tiled") == 1);
}

TEST_CASE("cuda: a batch of products is one call", "[cuda]") {
    Cuda device;
    const Step step{device};
    const auto a = filled<Shape<Batch, 4, 5>>(device, 6, 1), b = filled<Shape<Batch, 4, 5>>(device, 6, 2);
    cuda_emulator::reset_counts();
    const std::vector<float> products = batched_matmul<Transpose::right>(a, b).to_host();
    CHECK(products == std::vector<float>(6 * 4 * 4, 10));
    using Calls = std::map<std::string, std::size_t>;
    CHECK(cuda_emulator::counts().library_calls == Calls{{"cublasSgemmStridedBatched", 1}});
}

TEST_CASE("cuda: cuBLAS uses TF32 only on request", "[cuda]") {
    const Product<float> p{{40, 50, 60}};
    Cuda exact, fast{{.tf32 = true}};
    const std::vector<float> expected = p.on(exact, plain);
    CHECK(error(p.on(exact, cublas), expected) < 1e-6);
    CHECK(error(p.on(fast, cublas), expected) > 1e-5);
}

TEST_CASE("cuda: products are captured into a graph", "[cuda]") {
    Cuda device;
    Product<float> p{{30, 40, 1000}};
    p.with_bias = true;
    p.activation = {contracts::ActivationKind::leaky_relu, 0.2};
    const std::vector<float> expected = p.on(device, plain);
    p.on(device, tiled);  // the workspace grows in the first step
    for (const bool library : {false, true}) {
        const auto in_graph = [&](Cuda& d, const contracts::MatmulParameters<float>& parameters) {
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
