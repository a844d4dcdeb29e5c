#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/gantry.hpp>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <pthread.h>

namespace gantry::test {
namespace {

using Layer = Sequential<Dense<3, 2>>;
using LayerInputs = Shape<Batch, 3>;

const std::string other_thread =
    "[device] another thread is using this device; give each thread its own device, or wait for the end of "
    "the other thread's Step";

/// Runs f on a thread and joins it. Returns the text of its error, or "".
template <class F>
std::string error_on_thread(const F& f) {
    std::string text;
    std::thread([&] {
        try {
            static_cast<void>(f());
        } catch (const Error& error) {
            text = error.what();
        }
    }).join();
    return text;
}

}  // namespace

TEMPLATE_TEST_CASE("other threads cannot use a device while a Step is open", "[autograd][threads]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Layer, TestType> network{device, Seed{1}};
    const PersistentTensor<LayerInputs, float, TestType> kept(filled<LayerInputs>(device, 2, 1));
    {
        const Step step{device};
        const auto x = filled<LayerInputs>(device, 2, 1);
        const auto loss = mean(network(x));
        CHECK(error_on_thread([&] { const Step other{device}; }) == other_thread);
        CHECK(error_on_thread([&] { return filled<LayerInputs>(device, 2, 1); }) == other_thread);
        CHECK(error_on_thread([&] { return evaluation(network)(x); }) == other_thread);
        CHECK(error_on_thread([&] { return network(x); }) == other_thread);
        CHECK(error_on_thread([&] { return backward(loss, network); }) == other_thread);
        CHECK(error_on_thread([&] { return variable(x); }) == other_thread);
        CHECK(error_on_thread([&] { kept.get().to_host(); }) == other_thread);
        CHECK(error_on_thread([&] { network.parameters().to_host(); }) == other_thread);
        CHECK(error_on_thread([&] { core::Buffer<float, TestType>(device, 3); }) == other_thread);
        CHECK_NOTHROW(backward(loss, network));
    }
    {
        auto died_elsewhere = std::make_unique<PersistentTensor<LayerInputs, float, TestType>>(
            filled<LayerInputs>(device, 2, 3));
        const Step step{device};
        const auto x = variable(filled<LayerInputs>(device, 2, 1));
        const auto loss = sum(x * died_elsewhere->get());
        CHECK(error_on_thread([&] { died_elsewhere.reset(); }).empty());
        CHECK(grad(loss, x).to_host() == std::vector<float>(6, 3));
    }
    // Alternating steps on two threads are allowed.
    CHECK(error_on_thread([&] {
              const Step step{device};
              backward(mean(network(kept.get())), network);
          }).empty());
    const Step step{device};
    CHECK_NOTHROW(backward(mean(network(kept.get())), network));
}

TEST_CASE("two threads at once on one device: results or errors, and no race", "[autograd][threads]") {
    Cpu device{{.threads = 1}};
    Network<Layer, Cpu> network{device, Seed{1}};
    const PersistentTensor<LayerInputs, float, Cpu> kept(filled<LayerInputs>(device, 2, 1));
    const auto expected = evaluation(network)(kept.get()).to_host();
    std::atomic<int> right{0}, refused{0}, wrong{0};
    const auto work = [&] {
        for (int i = 0; i < 300; ++i) try {
                if (i % 2 == 0) {
                    const Step step{device};
                    ++(evaluation(network)(kept.get()).to_host() == expected ? right : wrong);
                } else {
                    kept.get().to_host();
                    ++right;
                }
            } catch (const Error& error) {
                ++(error.what() == other_thread ? refused : wrong);
            }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    CAPTURE(right, refused);
    CHECK(wrong == 0);
    CHECK(right + refused == 600);
}

#ifndef GANTRY_TEST_SANITIZERS  // which replace pthread_create, too
static std::atomic<int> started_threads = 0;

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                              void* argument) noexcept {
    static const auto system =
        reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
    ++started_threads;
    return system(thread, attributes, run, argument);
}

TEST_CASE("steps with changing numbers of threads start each thread once", "[autograd]") {
    Cpu four{{.threads = 4}}, eight{{.threads = 8}}, three{{.threads = 3}};
    using Wide = Sequential<Dense<256, 256>, ReLU, Dense<256, 1>>;
    const auto train = [](Cpu& device) {
        Network<Wide, Cpu> network{device, Seed{1}};
        Adam adam{network};
        for (int i = 0; i < 3; ++i) {
            const Step step{device};
            adam.step(backward(mean(network(filled<Shape<Batch, 256>>(device, 64, 1))), network));
        }
    };
    train(eight);
    const std::filesystem::directory_iterator threads("/proc/self/task");
    CHECK(std::distance(begin(threads), end(threads)) >= 8);
    const int before = started_threads;
    for (Cpu* device : {&four, &eight, &three, &eight, &four}) train(*device);
    CHECK(started_threads == before);
}
#endif

}  // namespace gantry::test
