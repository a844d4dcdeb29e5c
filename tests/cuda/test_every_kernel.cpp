// Run under compute-sanitizer on a GPU (docs/gpu.md). tests/cuda_calls checks that no kernel is missing.
#include "cuda/every_kernel.hpp"
#include "support/catch.hpp"

namespace gantry::test {

TEST_CASE("cuda: every kernel at small sizes", "[sanitizer]") {
    Cuda device;
    const auto check = [&](const char* kernels, const auto& run) {
        CAPTURE(kernels);
        check_kernel<float>(device, run, 10 * tolerance<float>);
    };
    check("elementwise",
          []<class T>(auto& d, std::size_t offset) { return elementwise_kernels<T>(d, offset); });
    check("sums and copies",
          []<class T>(auto& d, std::size_t offset) { return sums_and_copies<T>(d, offset); });
    check("batch norm", []<class T>(auto& d, std::size_t offset) { return batch_norms<T>(d, offset); });
    check("softmax and maxout",
          []<class T>(auto& d, std::size_t offset) { return softmax_and_maxout<T>(d, offset); });
    check("pooling", []<class T>(auto& d, std::size_t offset) { return poolings<T>(d, offset); });
    check("random numbers and optimizers",
          []<class T>(auto& d, std::size_t offset) { return random_and_optimizers<T>(d, offset); });
    product_kernels(device, [](const std::vector<float>& result, const std::vector<float>& expected) {
        CHECK(error(result, expected) <= tolerance<float>);
    });
}

}  // namespace gantry::test
