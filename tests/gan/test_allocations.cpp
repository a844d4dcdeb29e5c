#include "networks.hpp"
#include "support/catch.hpp"
#include "support/count_allocations.hpp"
#include <gantry/data/batches.hpp>
#include <gantry/optim/sgd.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

using namespace gantry;
using namespace gantry::gan;
using namespace gantry::test;

TEST_CASE("Training allocates nothing from the second step on", "") {
    const std::size_t before = allocations;
    auto* const one = new std::vector<int>(3);
    delete one;
    REQUIRE((allocations > before || !counts_allocations));  // checks the counter

    const std::vector<std::uint8_t> pixels(50 * 6, 100);
    for (const Updates updates : {Updates::alternating, Updates::simultaneous}) {
        Cpu device;
        SmallGan gan{device, {.batch = 8, .discriminator_steps = 2, .updates = updates}};
        Batches<float> data(pixels, 6, {}, {.batch = 8});
        gan.trainer.step(data);
        gan.trainer.step(data);
        const std::size_t steady = allocations;
        for (int i = 3; i <= 10; ++i) gan.trainer.step(data);
        CHECK(allocations == steady);
    }
}
