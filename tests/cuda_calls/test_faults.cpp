// Every call of CUDA, cuBLAS and cuDNN fails once, in turn, while a GAN is constructed and trained.
#include "cuda/kernels.hpp"
#include "cuda_calls/failures.hpp"
#include "cuda_emulator/faults.hpp"
#include "cuda_emulator/options.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/cuda.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

using cuda_emulator::Call;

// The smallest GAN with every kind of layer: 4x4 images.
constexpr Conv2dOptions whole{.size = 2, .bias = false}, half{.size = 2, .stride = 2};
using Generator = Sequential<InputShape<4>, Reshape<1, 1, 4>, ConvTranspose2d<4, 2, whole>, BatchNorm<2>,
                             ReLU, ConvTranspose2d<2, 1, half>, Tanh>;
using Discriminator = Sequential<InputShape<4, 4, 1>, Conv2d<1, 2, half>, LeakyReLU<0.2f>, Dropout<0.3f>,
                                 Conv2d<2, 1, whole>, Flatten>;

/// A GAN, from its device to the results of training.
struct Gan {
    static constexpr int batch = 2;
    Cuda device{CudaOptions{.workspace = 1024}};
    Network<Generator, Cuda> generator{device, Seed{1}};
    Network<Discriminator, Cuda> discriminator{device, Seed{2}};
    Adam<Network<Generator, Cuda>> generator_adam{generator, {.beta1 = 0.5}};
    Adam<Network<Discriminator, Cuda>> discriminator_adam{discriminator, {.beta1 = 0.5}};
    RandomStream noise{Seed{3}, "noise"};

    Gan() {
        device.arena().poison(true);  // so that a step's fills can fail, too
    }
    /// One update of both networks; calls `read` with each loss while its step is open.
    template <class Read>
    void update(const Read& read) {
        {
            const Step step{device};
            const auto real = uniform<Shape<Batch, 4, 4, 1>>(device, batch, noise, -1, 1);
            const auto fake = frozen(generator)(normal<Shape<Batch, 4>>(device, batch, noise));
            const auto loss =
                bce_with_logits(discriminator(real), 1) + bce_with_logits(discriminator(fake), 0);
            discriminator_adam.step(backward(loss, discriminator));
            read(loss);
        }
        const Step step{device};
        const auto fake = generator(normal<Shape<Batch, 4>>(device, batch, noise));
        const auto loss = bce_with_logits(frozen(discriminator)(fake), 1);
        generator_adam.step(backward(loss, generator));
        read(loss);
        filled<Shape<20'000>>(device, 0, 0);  // exceeds an arena's initial size: it grows as the step ends
    }
    /// Updates without and with graphs, and a read inside a graph.
    std::vector<float> work() {
        std::vector<float> numbers;
        const auto read = [&](const auto& scalar) { numbers.push_back(scalar.item()); };
        update(read);
        for (int i = 0; i < 2; ++i) device.run_as_graph([&] { update([](const auto&) {}); });
        device.run_as_graph([&] {
            const Step step{device};
            read(sum(uniform<Shape<Batch, 4>>(device, batch, noise, 0, 1)));
        });
        for (const auto& all : {generator.parameters().to_host(), discriminator.parameters().to_host()})
            numbers.insert(numbers.end(), all.begin(), all.end());
        return numbers;
    }
    void go_on() {
        device.run_as_graph([&] { update([](const auto&) {}); });
        update([](const auto& loss) { CHECK(std::isfinite(loss.item())); });
    }
};

/// A cuBLAS product and cuDNN convolutions in three directions, which are not used for a GAN as small as this
/// one.
struct Libraries {
    static constexpr contracts::ConvolutionAxis axis{5, 5, 3, 1, 1};
    static constexpr contracts::ConvolutionGeometry geometry{2, axis, axis, 3, 4};
    Cuda device{CudaOptions{.workspace = 1 << 16}};
    core::Buffer<float, Cuda> x{device, geometry.x_size()}, w{device, geometry.w_size()},
        y{device, geometry.y_size()};

    std::vector<float> work() {
        x.from_host(random_numbers<float>(x.size(), "x"));
        w.from_host(random_numbers<float>(w.size(), "w"));
        const auto call = [&](const auto& p) {
            if (!cuda::convolution_cudnn(device, p)) FAIL("cuDNN has no algorithm");
        };
        device.run_as_graph([&] {
            call(contracts::ConvolutionParameters<float>{geometry, x.data(), w.data(), y.data()});
            call(contracts::ConvolutionTransposedParameters<float>{geometry, y.data(), w.data(), x.data()});
            call(contracts::ConvolutionWeightGradientParameters<float>{geometry, x.data(), y.data(),
                                                                       w.data()});
            cuda::matmul_cublas(
                device,
                contracts::MatmulParameters<float>{
                    .rows = 12, .columns = 6, .inner = 9, .a = w.data(), .b = x.data(), .c = y.data()});
        });
        return y.to_host();
    }
    void go_on() { work(); }
};

/// Runs work in which a call fails, and returns the error's message, if any. The device continues afterwards.
template <class Work>
std::string message_of(std::vector<float>& numbers) {
    try {
        Work work;
        try {
            numbers = work.work();
        } catch (const Error&) {
            work.go_on();
            throw;
        }
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEMPLATE_TEST_CASE(
    "cuda: any call may fail: no leak, no crash, a one-line error, and the device stays usable", "[cuda]",
    Gan, Libraries) {
    const auto before = held();
    const std::vector<float> expected = TestType{}.work();
    REQUIRE(held() == before);
    std::size_t failures = 0, errors = 0;
    for (const Call kind : {Call::allocation, Call::launch, Call::copy, Call::library, Call::other}) {
        for (std::size_t n = 1;; ++n) {
            CAPTURE(static_cast<int>(kind), n);
            cuda_emulator::inject_fault(kind, n);
            std::vector<float> numbers;
            const std::string message = message_of<TestType>(numbers);
            const bool failed = cuda_emulator::fault_happened();
            cuda_emulator::clear_fault();
            REQUIRE(held() == before);
            CHECK(cudaGetLastError() != cudaErrorInvalidValue);  // that of a double cudaFree
            if (!failed) {
                CHECK(n > 1);  // there are calls of each kind
                CHECK(message.empty());
                break;
            }
            ++failures;
            // Some failures are harmless: a graph that cannot be updated is instantiated again, an allocation
            // that failed at a step's end is repeated by the next step, and errors in destructors surface at
            // the next call.
            errors += !message.empty();
            CAPTURE(message);
            CHECK((message.empty() ? numbers == expected : is_clear(message)));
        }
    }
    CAPTURE(errors, failures);
    CHECK(errors * 10 > failures * 9);
}

TEST_CASE("cuda: gradients are stale once a pass has begun to overwrite them, even if it fails", "[cuda]") {
    Gan gan;
    const Step step{gan.device};
    const auto loss = mean(gan.discriminator(filled<Shape<Batch, 4, 4, 1>>(gan.device, Gan::batch, 0.5)));
    const auto gradients = backward(loss, gan.discriminator);
    cuda_emulator::inject_fault(Call::launch, 5);
    CHECK_THROWS_AS(backward(loss, gan.discriminator), Error);
    CHECK(cuda_emulator::fault_happened());
    cuda_emulator::clear_fault();
    CHECK_THROWS_WITH(gan.discriminator_adam.step(gradients), contains("valid until the next backward pass"));
}

TEST_CASE("cuda: after a kernel failure, every call reports a one-line error, and nothing leaks", "[cuda]") {
    const auto before = held();
    {
        Gan gan;
        gan.go_on();
        float of_the_host = 0;
        launch(gan.device, contracts::FillParameters<float>{1, &of_the_host, 1});
        const auto refuses = [&](const auto& call) {
            std::string message;
            try {
                call();
            } catch (const Error& error) {
                message = error.what();
            }
            CAPTURE(message);
            CHECK(is_clear(message));
            CHECK(message.find("(cudaErrorIllegalAddress)") != std::string::npos);
        };
        refuses([&] { gan.device.synchronize(); });
        refuses([&] { gan.update([](const auto&) {}); });
        refuses([&] { gan.device.run_as_graph([&] { gan.update([](const auto&) {}); }); });
        refuses([&] { gan.generator.parameters().to_host(); });
        refuses([] { Cuda{}; });
    }
    CHECK(held() == before);
    cuda_emulator::reset();
}

}  // namespace gantry::test
