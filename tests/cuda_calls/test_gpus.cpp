// Several GPUs and threads: every call is sent to the GPU of its Cuda object, whichever is current.
#include "cuda/kernels.hpp"
#include "cuda/placed.hpp"
#include "cuda_calls/gpus.hpp"
#include "cuda_emulator/counts.hpp"
#include "cuda_emulator/library_objects.hpp"
#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gantry::test {
namespace {

int current() {
    int number = -1;
    cudaGetDevice(&number);
    return number;
}

/// Trains a small network with every kind of GPU work: kernels, graphs, copies, libraries.
struct Training {
    Cuda device;
    Network<Sequential<InputShape<6>, Dense<6, 20>, LeakyReLU<0.2f>, BatchNorm<20>, Dense<20, 1>>, Cuda>
        network;
    Adam<decltype(network)> adam{network, {.learning_rate = 1e-2}};
    RandomStream noise;

    Training(int gpu, std::uint64_t seed)
        : device({.gpu = gpu, .workspace = 1 << 16}),
          network(device, Seed{seed}),
          noise(Seed{seed}, "noise") {}

    void step() {
        device.run_as_graph([&] {
            const Step<Cuda> step{device};
            adam.step(backward(mse(network(normal<Shape<Batch, 6>>(device, 8, noise)), 1.0), network));
        });
    }
    std::vector<float> product() {
        const Placed<float, Cuda> a(device, random_numbers<float>(6, "a")),
            b(device, random_numbers<float>(12, "b")), c(device, std::vector<float>(8));
        cuda::matmul_cublas(device,
                            contracts::MatmulParameters<float>{
                                2, 4, 3, false, false, a.data(), b.data(), c.data(), false, nullptr, {}});
        return c.to_host();
    }
    std::vector<float> convolution() {
        const Step<Cuda> step{device};
        const Placed<float, Cuda> x(device, random_numbers<float>(2 * 5 * 5 * 3, "x")),
            w(device, random_numbers<float>(3 * 3 * 3 * 4, "w")),
            y(device, std::vector<float>(2 * 5 * 5 * 4));
        contracts::ConvolutionParameters<float> p{};
        p.geometry = {2, {5, 5, 3, 1, 1, 1}, {5, 5, 3, 1, 1, 1}, 3, 4};
        p.x = x.data();
        p.w = w.data();
        p.y = y.data();
        CHECK(cuda::convolution_cudnn(device, p));
        return y.to_host();
    }
    std::vector<float> parameters() { return network.parameters().to_host(); }
};

/// The result of a training run that has the machine to itself.
struct Alone {
    std::vector<float> parameters, product, convolution;
    explicit Alone(std::uint64_t seed) {
        Training training(0, seed);
        for (int i = 0; i < 3; ++i) training.step();
        parameters = training.parameters();
        product = training.product();
        convolution = training.convolution();
    }
};

}  // namespace

TEST_CASE("cuda: two GPUs used alternately by one thread train as they do alone, bit for bit", "[cuda]") {
    const Alone first(1), second(2);
    const Gpus gpus(2);
    Training a(0, 1), b(1, 2);
    cuda_emulator::reset_counts();
    for (int i = 0; i < 3; ++i) {
        a.step();
        b.step();
    }
    CHECK(same_bits(a.parameters(), first.parameters));
    CHECK(same_bits(b.parameters(), second.parameters));
    CHECK(cuda_emulator::counts().launches_by_gpu.at(0) == cuda_emulator::counts().launches_by_gpu.at(1));
    CHECK(same_bits(a.product(), first.product));
    CHECK(same_bits(b.product(), second.product));
    CHECK(same_bits(a.convolution(), first.convolution));
    CHECK(same_bits(b.convolution(), second.convolution));
}

TEST_CASE("cuda: two Cuda objects on one GPU used alternately train as they do alone", "[cuda]") {
    const Alone first(1), second(2);
    Training a(0, 1), b(0, 2);
    for (int i = 0; i < 3; ++i) {
        a.step();
        b.step();
    }
    CHECK(same_bits(a.parameters(), first.parameters));
    CHECK(same_bits(b.parameters(), second.parameters));
}

TEST_CASE("cuda: a Cuda object can be used and destroyed by other threads than its creator", "[cuda]") {
    const Alone expected(1);
    const Gpus gpus(2);
    const std::size_t cublas_objects = cuda_emulator::living_cublas_objects(),
                      cudnn_objects = cuda_emulator::living_cudnn_objects();
    cuda_emulator::reset_counts();
    const std::size_t bytes = cuda_emulator::counts().live_bytes;

    std::unique_ptr<Training> training;
    std::vector<float> parameters, product, convolution;
    const auto in_a_thread = [](const auto& f) {
        std::exception_ptr error;
        std::thread([&] {
            try {
                CHECK(current() == 0);
                f();
            } catch (...) {
                error = std::current_exception();
            }
        }).join();
        if (error) std::rethrow_exception(error);
    };
    in_a_thread([&] { training = std::make_unique<Training>(1, 1); });
    in_a_thread([&] {
        for (int i = 0; i < 3; ++i) training->step();
    });
    in_a_thread([&] { parameters = training->parameters(); });
    in_a_thread([&] { product = training->product(); });
    in_a_thread([&] { convolution = training->convolution(); });
    in_a_thread([&] { training.reset(); });

    CHECK(same_bits(parameters, expected.parameters));
    CHECK(same_bits(product, expected.product));
    CHECK(same_bits(convolution, expected.convolution));
    CHECK(cuda_emulator::counts().launches_by_gpu.size() == 1);
    CHECK(cuda_emulator::counts().live_bytes == bytes);
    CHECK(cuda_emulator::living_cublas_objects() == cublas_objects);
    CHECK(cuda_emulator::living_cudnn_objects() == cudnn_objects);
    CHECK(current() == 0);
}

TEST_CASE("cuda: a GPU that is not current is freed as well", "[cuda]") {
    const Gpus gpus(3);
    const std::size_t cublas_objects = cuda_emulator::living_cublas_objects(),
                      cudnn_objects = cuda_emulator::living_cudnn_objects();
    const std::size_t bytes = cuda_emulator::counts().live_bytes;
    auto a = std::make_unique<Training>(0, 1), b = std::make_unique<Training>(1, 2),
         c = std::make_unique<Training>(2, 3);
    c->step();
    b->step();
    a->step();
    CHECK(current() == 0);
    b.reset();
    CHECK(current() == 1);
    a.reset();
    CHECK(current() == 0);
    c.reset();
    CHECK(cudaGetLastError() == cudaSuccess);
    CHECK(cuda_emulator::counts().live_bytes == bytes);
    CHECK(cuda_emulator::living_cublas_objects() == cublas_objects);
    CHECK(cuda_emulator::living_cudnn_objects() == cudnn_objects);
}

TEST_CASE("cuda: each call makes its GPU current", "[cuda]") {
    const Gpus gpus(2);
    Cuda device{{.gpu = 1}};
    std::vector<float> numbers(4);
    const auto check = [&](const char* name, const auto& call) {
        INFO(name);
        cudaSetDevice(0);
        call();
        CHECK(current() == 1);
    };
    void* memory = nullptr;
    check("allocate", [&] { memory = device.memory().allocate(16); });
    check("fill", [&] { device.memory().fill(memory, std::byte{0}, 16); });
    check("copy_to_host", [&] { device.memory().copy_to_host(numbers.data(), memory, 16); });
    check("copy_from_host", [&] { device.memory().copy_from_host(memory, numbers.data(), 16); });
    check("release", [&] { device.memory().release(memory, 16); });
    check("synchronize", [&] { device.synchronize(); });
    check("stream", [&] { device.stream(); });
    check("cublas", [&] { device.cublas(); });
    check("cudnn", [&] { device.cudnn(); });
    check("run_as_graph", [&] { device.run_as_graph([] {}); });
}

TEST_CASE("cuda: CudaOptions select the GPU", "[cuda]") {
    const auto free_bytes = [](int gpu) {
        std::size_t free = 0, total = 0;
        cudaSetDevice(gpu);
        cudaMemGetInfo(&free, &total);
        return free;
    };
    {
        const Gpus gpus(2);
        CHECK(cuda::availability().gpus == 2);
        const std::size_t first = free_bytes(0), second = free_bytes(1);
        Cuda device{{.gpu = 1, .workspace = 1 << 20}};
        CHECK(device.options().gpu == 1);
        CHECK(free_bytes(0) == first);
        CHECK(free_bytes(1) <= second - (1 << 20));
        for (const int wrong : {-1, 2})
            CHECK(is_line_with(
                error_of([&] { Cuda none{{.gpu = wrong}}; }),
                {"[Cuda] there are 2 GPUs, numbered from 0 to 1; got " + std::to_string(wrong)}));
    }
    CHECK(is_line_with(error_of([&] { Cuda none{{.gpu = 1}}; }), {"[Cuda] the only GPU is number 0; got 1"}));
    const Gpus none(0);
    CHECK(is_line_with(error_of([&] { Cuda device; }), {"(cudaErrorNoDevice): check that nvidia-smi"}));
    CHECK(is_line_with(cuda::availability().reason, {"(cudaErrorNoDevice): check that nvidia-smi"}));
}

}  // namespace gantry::test
