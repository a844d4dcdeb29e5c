#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

// Recorded values live until the step ends, whatever happens to their owner; handles that outlive them are
// rejected. AddressSanitizer detects what these tests cannot.

namespace gantry::test {
namespace {

using Points = Shape<Batch, 3>;
using Perceptron = Sequential<Dense<3, 4>, BatchNorm<4>, Tanh, Dense<4, 1>>;
using Mover = Sequential<Dense<3, 3>>;

/// Counts the blocks that are allocated.
struct CountedMemory : core::HostMemory {
    static inline int blocks = 0;
    void* allocate(std::size_t bytes) {
        ++blocks;
        return core::HostMemory::allocate(bytes);
    }
    void release(void* memory, std::size_t bytes) {
        --blocks;
        core::HostMemory::release(memory, bytes);
    }
};

template <class D>
auto points(D& device, const char* name = "points") {
    return from_host<Points>(device, 4, random_numbers<float>(12, name));
}
/// A loss of a network that is destroyed on return.
template <class D, class X>
auto value_of_temporary(D& device, const X& x) {
    Network<Perceptron, D> network{device, Seed{3}};
    return mean(network(x));
}
/// Reuses freed memory of a Perceptron's size, so that its old contents are overwritten.
template <class D>
void take_freed_memory(D& device) {
    const Network<Perceptron, D> network{device, Seed{4}};
}

const std::string destroyed =
    "[tensor] its memory was released: the Network, PersistentTensor or device that owns it must outlive it";

}  // namespace

TEMPLATE_TEST_CASE("a network can be destroyed before its step ends", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Mover, TestType> mover{device, Seed{1}};
    Network<Perceptron, TestType> kept{device, Seed{3}};
    const auto gradients = [&](const auto& value) {
        const Step step{device};
        const auto x = variable(points(device));
        const auto moved = mover(points(device));
        const auto loss = value(moved);
        const auto slope = grad(value(x), x, {.create_graph = true});
        take_freed_memory(device);
        backward(loss + mean(square(slope)) * loss, mover);
        return mover.gradients().to_host();
    };
    const auto expected = gradients([&](const auto& x) { return mean(kept(x)); });
    CHECK(gradients([&](const auto& x) { return value_of_temporary(device, x); }) == expected);
    CHECK(expected[0] != 0);
}

TEMPLATE_TEST_CASE("a network at the address of a destroyed one is a different network", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    std::optional<Network<Perceptron, TestType>> network;
    network.emplace(device, Seed{1});
    Sgd optimizer{*network};
    auto view = frozen(*network);
    const Step step{device};
    const auto loss = mean((*network)(points(device)));
    const auto gradients = backward(loss, *network);
    network.emplace(device, Seed{2});
    CHECK_THROWS_WITH(backward(loss, *network), contains("[backward] the loss must depend on"));
    CHECK_THROWS_WITH(gradients.data(), "[Gradients] the network of the gradients was destroyed or moved");
    CHECK_THROWS_WITH(gradient_norm(gradients),
                      "[Gradients] the network of the gradients was destroyed or moved");
    CHECK_THROWS_WITH(clip_gradient_norm(gradients, 1),
                      "[Gradients] the network of the gradients was destroyed or moved");
    CHECK_THROWS_WITH(optimizer.step(gradients),
                      "[Gradients] the network of the gradients was destroyed or moved");
    CHECK_THROWS_WITH(view(points(device)), "[Network] the network of this view was destroyed or moved");
    const auto parameters = network->parameters().to_host();
    CHECK_THROWS_WITH(optimizer.step(backward(mean((*network)(points(device))), *network)),
                      "[Sgd] the gradients must be those of the optimizer's network");
    CHECK(network->parameters().to_host() == parameters);
}

TEMPLATE_TEST_CASE("gradients can be applied once, in their step", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Mover, TestType> network{device, Seed{1}};
    Sgd optimizer{network};
    const auto pass = [&] { return backward(mean(network(points(device))), network); };
    const auto old = [&] {
        const Step step{device};
        const auto gradients = pass();
        optimizer.step(gradients);
        CHECK_THROWS_WITH(optimizer.step(gradients),
                          "[Sgd] gradients can be applied only once: call backward again for another update");
        const auto copy = gradients;
        CHECK_THROWS_WITH(optimizer.step(copy), contains("applied only once"));
        CHECK_NOTHROW(gradient_norm(gradients));
        optimizer.step(pass());
        return pass();
    }();
    const auto parameters = network.parameters().to_host();
    CHECK_THROWS_WITH(optimizer.step(old), contains("[Gradients] gradients are valid until the end of the "
                                                    "step that computed them; got gradients of"));
    const Step step{device};
    CHECK_THROWS_WITH(optimizer.step(old), contains("end of the step"));
    CHECK_THROWS_WITH(clip_gradient_norm(old, 1), contains("end of the step"));
    CHECK(network.parameters().to_host() == parameters);
    CHECK(optimizer.updates() == 2);
}

TEMPLATE_TEST_CASE("a PersistentTensor can be destroyed before its step ends, but not changed", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(points(device));
    std::optional<PersistentTensor<Points, float, TestType>> kept(std::in_place, points(device, "kept"));
    const auto numbers = kept->get().to_host();
    const auto product = [&] { return sum(x * x * kept->get()); };
    const auto loss = product();
    const auto slope = grad(product(), x, {.create_graph = true});
    SECTION("destroyed") {
        const auto tensor = kept->get();
        kept.reset();
        kept.emplace(filled<Points>(device, 4, 7));
        const auto gradient = grad(loss, x).to_host();
        const auto points_ = x.to_host();
        for (std::size_t i = 0; i < 12; ++i) CHECK(gradient[i] == 2 * points_[i] * numbers[i]);
        CHECK(grad(sum(slope), x).to_host()[5] == 2 * numbers[5]);
        CHECK(tensor.to_host() == numbers);
    }
    SECTION("overwritten") {
        *kept = filled<Points>(device, 4, 7);
        CHECK_THROWS_WITH(
            grad(loss, x),
            "[backward] a PersistentTensor must not be updated between a forward pass and its backward pass");
        CHECK(grad(sum(slope), x).to_host()[5] == 2 * numbers[5]);  // the PersistentTensor is not read again
        CHECK(grad(sum(x * kept->get()), x).to_host() == std::vector<float>(12, 7));
    }
}

TEMPLATE_TEST_CASE("views and variables of a PersistentTensor", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    std::optional<PersistentTensor<Points, float, TestType>> kept(std::in_place, points(device));
    const auto [view, old] = [&] {
        const Step step{device};
        const auto x = variable(points(device));
        const auto loss = sum(flatten(x) * flatten(kept->get()));
        *kept = filled<Points>(device, 4, 7);
        CHECK_THROWS_WITH(grad(loss, x), contains("[backward] a PersistentTensor must not be updated"));
        return std::pair{flatten(kept->get()), variable(kept->get())};
    }();
    const auto loose = flatten(kept->get());
    CHECK(loose.to_host() == std::vector<float>(12, 7));
    const auto in_another_step =
        contains("[tensor] a tensor is valid until the end of the step that created it");
    {
        const Step step{device};
        const auto now = variable(kept->get());
        CHECK_THROWS_WITH(square(old), in_another_step);
        CHECK_THROWS_WITH(grad(sum(now), old), in_another_step);
        CHECK_THROWS_WITH(square(view), in_another_step);
    }
    const auto again = flatten(kept->get());
    kept.reset();
    CHECK_THROWS_WITH(again.to_host(), destroyed);
}

TEMPLATE_TEST_CASE("targets in a PersistentTensor are checked too", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(points(device));
    PersistentTensor<Points, float, TestType> targets(filled<Points>(device, 4, 0.25));
    const auto cross_entropy = softmax_cross_entropy(x, targets.get());
    const auto squares = mse(x, targets.get());
    const auto logits = bce_with_logits(x, targets.get());
    targets = filled<Points>(device, 4, 0.5);
    const auto message = contains("[backward] a PersistentTensor must not be updated");
    CHECK_THROWS_WITH(grad(cross_entropy, x, {.create_graph = true}), message);
    CHECK_THROWS_WITH(grad(squares, x), message);
    CHECK_THROWS_WITH(grad(logits, x), message);
}

TEMPLATE_TEST_CASE("running statistics that a recorded pass reads must not change", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Perceptron, TestType> network{device, Seed{1}};
    const Step step{device};
    const auto x = variable(points(device));
    const auto loss = mean(evaluation(network)(x));
    CHECK_NOTHROW(grad(loss, x));
    const auto second = mean(network(x));
    CHECK_THROWS_WITH(
        grad(loss, x),
        "[backward] running statistics must not be updated between a forward pass and its backward pass");
    CHECK_NOTHROW(backward(second, network));  // training uses batch statistics, not the running ones
    CHECK_NOTHROW(backward(mean(network(x)) + second, network));
}

TEMPLATE_TEST_CASE("parameters loaded between forward and backward are an error", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Perceptron, TestType> network{device, Seed{1}};
    RandomStream stream(Seed{2}, "again");
    const Step step{device};
    const auto recorded = [&] { return mean(network(points(device))); };
    const auto refused = [&](const auto& loss) {
        CHECK_THROWS_WITH(backward(loss, network), contains("[backward] parameters must not be updated"));
    };
    const auto first = recorded();
    network.parameters().from_host(std::vector<float>(network.parameter_count, 1));
    refused(first);
    const auto second = recorded();
    initialize(network, Role::weight, Normal{0, 0.02}, stream);
    refused(second);
    const auto x = variable(points(device));
    const auto slope = grad(sum(network(x)), x, {.create_graph = true});
    Sgd{network}.step(backward(recorded(), network));
    refused(mean(square(slope)));
    CHECK_THROWS_WITH(network.parameters().from_host(std::vector<float>(2)),
                      contains("[Buffer] from_host takes one value per element; got 2 for "));
}

TEST_CASE("memory that is released during a step is freed at its end", "[autograd]") {
    Device<CountedMemory> device;
    CountedMemory::blocks = 0;
    {
        const Step step{device};
        {
            const core::Buffer<float, Device<CountedMemory>> buffer(device, 5);
        }
        CHECK(CountedMemory::blocks == 1);
    }
    CHECK(CountedMemory::blocks == 0);
}

TEMPLATE_TEST_CASE("handles to released memory are errors", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    std::optional<PersistentTensor<Points, float, TestType>> kept(std::in_place, points(device));
    const auto tensor = kept->get();
    CHECK(tensor.to_host().size() == 12);
    kept.reset();
    PersistentTensor<Points, float, TestType> other(points(device));
    CHECK_THROWS_WITH(tensor.to_host(), destroyed);
    CHECK_THROWS_WITH(tensor.data(), destroyed);
    CHECK_THROWS_WITH(square(tensor), destroyed);
    CHECK_THROWS_WITH(other = tensor, destroyed);
    CHECK_THROWS_WITH(other.get() + tensor, destroyed);
    const Step step{device};
    CHECK_THROWS_WITH(variable(tensor), destroyed);
    CHECK_THROWS_WITH(mse(other.get(), tensor), destroyed);
    CHECK_THROWS_WITH(softmax_cross_entropy(other.get(), tensor), destroyed);
}

TEMPLATE_TEST_CASE("a device destroyed before its tensors and networks", "[autograd]", GANTRY_TEST_DEVICES) {
    std::optional<TestType> device(std::in_place);
    std::optional<Step<TestType>> step(std::in_place, *device);
    Network<Perceptron, TestType> network{*device, Seed{1}};
    Adam optimizer{network};
    const auto tensor = points(*device);
    const PersistentTensor<Points, float, TestType> kept(tensor);
    ScalarLog<float, TestType> log(*device, 1, 1);
    const std::vector<std::uint8_t> bytes(24);
    DeviceBatches<Points, float, TestType> batches(*device, std::span(bytes), {.batch = 4});
    const auto x = variable(tensor);
    const auto loss = mean(network(x));
    const auto gradients = backward(loss, network);
    device.reset();
    device.emplace();  // at the same address
    const std::string buffers =
        "[Buffer] the device was destroyed; it must outlive the networks and tensors on it";
    const auto now = points(*device);
    CHECK_THROWS_WITH(tensor.to_host(), destroyed);
    CHECK_THROWS_WITH(now + tensor, destroyed);
    CHECK_THROWS_WITH(kept.get(), buffers);
    CHECK_THROWS_WITH(network(now), buffers);
    CHECK_THROWS_WITH(evaluation(network)(now), buffers);
    CHECK_THROWS_WITH(network(tensor), destroyed);
    CHECK_THROWS_WITH(network.parameters().to_host(), buffers);
    CHECK_THROWS_WITH(network.parameters().from_host(std::vector<float>(network.parameter_count)), buffers);
    CHECK_THROWS_WITH(optimizer.step(gradients), buffers);
    CHECK_THROWS_WITH(backward(loss, network), buffers);
    CHECK_THROWS_WITH(grad(loss, x), destroyed);
    CHECK_THROWS_WITH(log.add(mean(now)), buffers);
    CHECK_THROWS_WITH(batches.next(), contains("[DeviceBatches] the device was destroyed"));
    step.reset();
    const Step next{*device};
    CHECK(sum(filled<Points>(*device, 2, 1)).item() == 6);
}

TEMPLATE_TEST_CASE("a step that ends by an exception frees what was destroyed in it", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Mover, TestType> mover{device, Seed{1}};
    for (int i = 0; i < 3; ++i) try {
            const Step step{device};
            const auto loss = value_of_temporary(device, mover(points(device)));
            if (i < 2) throw std::runtime_error("in the middle");
            CHECK_NOTHROW(backward(loss, mover));
        } catch (const std::runtime_error&) {
        }
}

TEMPLATE_TEST_CASE("a pass resets the gradients of earlier passes, also of later variables", "[autograd]",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const Step step{device};
    const auto x = variable(filled<Shape<>>(device, 0, 3));
    const auto first = square(x);
    const auto y = variable(filled<Shape<>>(device, 0, 5));
    CHECK(grad(square(y), y).item() == 10);
    const auto [dx, dy] = grad(first, std::tuple{x, y}, {.allow_unused = true});
    CHECK(dx.item() == 6);
    CHECK(dy.item() == 0);
    CHECK_THROWS_WITH(grad(first, std::tuple{x, y}),
                      "[grad] the output must depend on every variable to differentiate for");
}

TEMPLATE_TEST_CASE("recording outside a Step is an error", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    Network<Perceptron, TestType> network{device, Seed{1}};
    const auto x = points(device);
    const char* const message =
        "[Step] ops are recorded only inside a Step: write `const Step step{device};` first";
    CHECK_THROWS_WITH(network(x), message);
    CHECK_THROWS_WITH(variable(x), message);
    const auto outside = evaluation(network)(x).to_host();
    const Step step{device};
    CHECK(evaluation(network)(points(device)).to_host() == outside);
    CHECK_NOTHROW(backward(mean(network(x)), network));  // x is valid until the end of this step
}

TEMPLATE_TEST_CASE("tensors outside a Step have a limit", "[autograd]", GANTRY_TEST_DEVICES) {
    TestType device;
    device.arena().poison(false);
    const auto take = [&] { core::allocate<float>(device, core::Extents{1, {1 << 24}}); };  // 64 MiB
    for (int i = 0; i < 5; ++i) take();
    CHECK_THROWS_WITH(take(),
                      contains("[tensor] tensors created outside a Step are never freed: write `const Step "
                               "step{device};` where an iteration begins; got 335544320"));
    for (int i = 0; i < 2; ++i) {
        const Step step{device};
        CHECK_NOTHROW(take());
    }
    CHECK_NOTHROW(take());
}

}  // namespace gantry::test
