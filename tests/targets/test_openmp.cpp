// A program that also uses OpenMP: its threads train, each on its device.
#include "support/catch.hpp"
#include "targets/training.hpp"

#include <array>

TEST_CASE("threads of a program's OpenMP region train at the same time, each on its own device") {
    const float expected = train();
    std::array<float, 4> weights{};
#pragma omp parallel for num_threads(4)
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = train();
    for (const float weight : weights) CHECK(weight == expected);
    CHECK(train() == expected);
}
