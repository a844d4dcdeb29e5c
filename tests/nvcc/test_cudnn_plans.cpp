// The engines of the real cuDNN for gantry's convolutions on an H100, queried without one: cuDNN accepts a
// GPU's properties as JSON.
#include "support/catch.hpp"
#include <gantry/cuda/cudnn_convolution.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

using namespace gantry;
using namespace gantry::cuda;

namespace {

CudnnDescriptor h100() {
    constexpr std::string_view json = R"({
        "cudaDeviceId": 0, "deviceName": "NVIDIA H100 80GB HBM3", "deviceVer": 900, "driverVer": 13000,
        "isTccDriver": 0, "l2CacheSize": 52428800, "maxBlockSize": [1024, 1024, 64], "maxCtasPerSM": 32,
        "maxGridSize": [2147483647, 65535, 65535], "maxRegistersPerSM": 65536,
        "maxSharedMemoryPerBlock": 49152, "maxSharedMemoryPerBlockOptin": 232448,
        "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "memClockRateKHz": 2619000,
        "multiProcessorCount": 132, "pciDeviceId": 9008, "regsPerBlock": 65536,
        "reservedSharedMemoryPerBlock": 1024, "smClockRateKHz": 1980000, "supportCoopLaunch": 1,
        "totalGlobalMem": 85000000000, "warpSize": 32})";
    CudnnDescriptor gpu(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    gpu.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, std::span(json.data(), json.size()));
    gpu.finalize();
    return gpu;
}

}  // namespace

TEST_CASE("cuDNN has exact and TF32 engines for every direction of the DCGANs' wide convolutions", "") {
    const CudnnDescriptor gpu = h100();
    constexpr std::size_t room = std::size_t{5} << 30;
    for (const contracts::ConvolutionGeometry& g :
         std::vector<contracts::ConvolutionGeometry>{{64, {16, 8, 4, 2, 1}, {16, 8, 4, 2, 1}, 64, 128},
                                                     {128, {32, 16, 4, 2, 1}, {32, 16, 4, 2, 1}, 64, 128},
                                                     {128, {16, 8, 4, 2, 1}, {16, 8, 4, 2, 1}, 128, 256},
                                                     {128, {8, 4, 4, 2, 1}, {8, 4, 4, 2, 1}, 256, 512},
                                                     {128, {32, 32, 3, 1, 1}, {32, 32, 3, 1, 1}, 128, 128}})
        for (const auto direction : {ConvolutionDirection::forward, ConvolutionDirection::backward_data,
                                     ConvolutionDirection::backward_filter}) {
            CAPTURE(describe(g, direction));
            const auto exact = cudnn_plans(gpu, direction, g, CUDNN_DATA_FLOAT, {.workspace = room}, 8);
            CHECK(exact.size() > 1);
            for (const CudnnPlan& plan : exact) CHECK_FALSE(plan.tensor_cores);
            const auto tf32 =
                cudnn_plans(gpu, direction, g, CUDNN_DATA_FLOAT, {.tf32 = true, .workspace = room}, 8);
            REQUIRE(tf32.size() == 8);
            CHECK(tf32.front().tensor_cores);
            CHECK_FALSE(cudnn_plans(gpu, direction, g, CUDNN_DATA_DOUBLE, {.workspace = room}, 1).empty());
        }
}
