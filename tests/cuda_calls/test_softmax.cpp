#include "cuda_emulator/counts.hpp"
#include "support/catch.hpp"
#include <gantry/cuda.hpp>

#include <cstddef>
#include <map>
#include <string>

namespace gantry::test {

TEST_CASE("cuda: a classifier's loss and its derivative take one launch, two for a large batch") {
    using Launches = std::map<std::string, std::size_t>;
    Cuda device;
    const auto launches = [&](int batch) {
        const Step step{device};
        const auto x = variable(filled<Shape<Batch, 10>>(device, batch, 1));
        const auto targets = filled<Shape<Batch, 10>>(device, batch, 0.1);
        device.synchronize();
        cuda_emulator::reset_counts();
        static_cast<void>(grad(softmax_cross_entropy(x, targets), x));
        device.synchronize();
        return cuda_emulator::counts().launches;
    };
    // The fill writes the seed gradient, 1.
    CHECK(launches(128) == Launches{{"cross_entropy", 1}, {"fill", 1}});
    CHECK(launches(512) == Launches{{"cross_entropy", 1}, {"sum", 1}, {"fill", 1}});
}

}  // namespace gantry::test
