// An optimizer's step allocates nothing. Counted by replacing operator new for all of this executable.
#include <gantry/cpu/cpu.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <optim/small_network.hpp>
#include <support/catch.hpp>

namespace {
std::atomic<long> allocations = 0;
}

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    ++allocations;
    const auto align = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(align, (size + align - 1) / align * align)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

using namespace gantry;
using namespace gantry::test;

namespace {
/// Allocations of some training steps, without the first one.
template <class Net, class Optimizer>
long allocations_of(Net& network, Optimizer& optimizer) {
    long before = 0;
    for (int i = 0; i < 5; ++i) {
        if (i == 1) before = allocations;
        Step step{network.device()};
        const auto x = filled<Shape<Batch, 6>>(network.device(), 4, 0.5);
        optimizer.step(backward(mean(network(x)), network));
    }
    return allocations - before;
}
}  // namespace

TEST_CASE("A training step allocates nothing, with every optimizer", "[optim]") {
    Cpu device;
    SmallNetwork<Cpu, float> network{device, Seed{1}};
    {
        const long before = allocations;
        const Buffer<float, Cpu> buffer(device, 10);
        REQUIRE(allocations > before);  // the count works
    }
    Sgd sgd{network, {.momentum = 0.5, .decay = ExponentialDecay{}}};
    CHECK(allocations_of(network, sgd) == 0);
    Adam adam{network};
    CHECK(allocations_of(network, adam) == 0);
    AdamW adam_w{network};
    CHECK(allocations_of(network, adam_w) == 0);
    OptimisticAdam optimistic_adam{network};
    CHECK(allocations_of(network, optimistic_adam) == 0);
    RmsProp rms_prop{network, {.momentum = 0.5, .centered = true}};
    CHECK(allocations_of(network, rms_prop) == 0);
}
