// --device, --gpu and --tf32 of the training programs: the device that they select, and their output.
#include "cuda_calls/gpus.hpp"
#include "cuda_emulator/faults.hpp"
#include "gan/call.hpp"
#include "program/device.hpp"
#include "support/catch.hpp"
#include <gantry/cuda.hpp>

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace gantry::test {
namespace {

struct DeviceChoice {
    std::string printed;
    bool on_gpu = false;
    CudaOptions made_with{};
};
/// Runs a program's device selection with these options.
DeviceChoice choose(const program::Options& options) {
    DeviceChoice choice;
    const Result result = call(
        [&](int, const char* const*) {
            try {
                program::on_device(options, [&]<class D>(std::type_identity<D>) {
                    D device(program::make_device<D>(options));
                    if constexpr (std::is_same_v<D, Cuda>) {
                        choice.on_gpu = true;
                        choice.made_with = device.options();
                    }
                });
                return 0;
            } catch (const std::exception& error) {
                std::fprintf(stderr, "%s\n", error.what());
                return 1;
            }
        },
        {});
    choice.printed = result.output;
    return choice;
}

program::Options options_with(const std::string& device, std::optional<int> gpu = {}, bool tf32 = false) {
    program::Options result;
    result.device = device;
    result.gpu = gpu;
    result.tf32 = tf32;
    return result;
}

}  // namespace

TEST_CASE("cuda: a run prints its GPU's name, and TF32", "[cuda]") {
    const Gpus gpus(2);
    for (const char* device : {"auto", "cuda"}) {
        DeviceChoice choice = choose(options_with(device));
        CHECK(choice.on_gpu);
        CHECK(choice.made_with.gpu == 0);
        CHECK_FALSE(choice.made_with.tf32);
        CHECK_FALSE(choice.made_with.measure);  // so that a resumed run selects the same engines
        CHECK(choice.printed == "Device: GPU 0, gantry's emulator\n");
        choice = choose(options_with(device, 1, true));
        CHECK(choice.made_with.gpu == 1);
        CHECK(choice.made_with.tf32);
        CHECK(choice.printed == "Device: GPU 1, gantry's emulator, TF32\n");
    }
    CHECK_FALSE(choose(options_with("cpu")).on_gpu);
    CHECK(choose(options_with("cpu")).printed.empty());
}

TEST_CASE("cuda: a checkpoint records the GPU, the driver and the libraries", "[cuda]") {
    const std::string text =
        "gantry's emulator, driver for CUDA 13.0, CUDA 13.0, cuBLAS 13.1.2, cuDNN 9.19.0";
    CHECK(program::device_text<Cuda>(options_with("cuda")) == text);
    CHECK(program::device_text<Cuda>(options_with("cuda", 0, true)) == text + ", TF32");
}

TEST_CASE("cuda: an invalid GPU index is one line with the number of GPUs", "[cuda]") {
    CHECK(choose(options_with("cuda", 1)).printed == "[--gpu] the only GPU is number 0; got 1\n");
    const Gpus gpus(4);
    CHECK(choose(options_with("auto", 4)).printed ==
          "[--gpu] there are 4 GPUs, numbered from 0 to 3; got 4\n");
}

TEST_CASE("cuda: without a GPU, auto selects the CPU, unless an option requires a GPU", "[cuda]") {
    const Gpus gpus(0);
    const DeviceChoice choice = choose(options_with("auto"));
    CHECK_FALSE(choice.on_gpu);
    CHECK(is_line_with(
        choice.printed.substr(0, choice.printed.size() - 1),
        {"Device: the CPU (no CUDA-capable device is detected (cudaErrorNoDevice): check that"}));
    for (const auto& [given, name] : {std::pair{options_with("cuda"), "--device cuda"},
                                      {options_with("auto", 0), "--gpu"},
                                      {options_with("auto", {}, true), "--tf32"}}) {
        const std::string line = choose(given).printed;
        CHECK(is_line_with(line.substr(0, line.size() - 1),
                           {"[" + std::string(name) + "] ", "(cudaErrorNoDevice): check that nvidia-smi"}));
    }
}

TEST_CASE("cuda: the advice for a driver reaches the programs", "[cuda]") {
    cuda_emulator::inject_fault(cuda_emulator::Call::other, 1, cudaErrorSystemDriverMismatch);
    CHECK_THAT(choose(options_with("auto")).printed, contains("Device: the CPU (") && contains("): reboot"));
    cuda_emulator::inject_fault(cuda_emulator::Call::other, 1, cudaErrorSystemDriverMismatch);
    CHECK_THAT(choose(options_with("cuda")).printed, contains("[--device cuda] ") && contains("): reboot"));
    cuda_emulator::clear_fault();
    cudaGetLastError();
}

}  // namespace gantry::test
