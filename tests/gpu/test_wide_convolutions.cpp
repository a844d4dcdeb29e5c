// Convolutions wide enough for cuDNN. They would take minutes on an emulator.
#include "cuda/convolution.hpp"
#include "support/catch.hpp"
#include <gantry/cuda/convolution_direction.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace gantry::test {

TEST_CASE("cuda: cuDNN computes wide convolutions in all directions, with the same bits each time",
          "[cuda]") {
    const std::vector<contracts::ConvolutionGeometry> geometries{
        {64, window(16, 4, 2, 1), window(16, 4, 2, 1), 64, 128},
        {17, window(64, 4, 2, 1), window(64, 4, 2, 1), 32, 64},
        {16, window(32, 3, 1, 1), window(32, 3, 1, 1), 64, 64}};
    for (const bool tf32 : {false, true})
        for (const bool measure : {false, true}) {
            std::vector<std::string> lines;
            Cuda device{{.tf32 = tf32, .measure = measure, .log = [&](const std::string& line) {
                             lines.push_back(line);
                         }}};
            for (const contracts::ConvolutionGeometry& g : geometries)
                for (const Direction d : directions) {
                    CAPTURE(tf32, measure, g.batch, static_cast<int>(d));
                    REQUIRE(cuda::wide(g));
                    Convolution<float> c{g, d};
                    c.with_bias = d != Direction::weights;
                    const std::vector<float> result = c.on(device, chosen);
                    CHECK(error(result, c.on(device, tiled)) <= (tf32 ? 1e-2 : 1e-5));
                    CHECK(same_bits(c.on(device, chosen), result));
                }
            CAPTURE(lines);
            CHECK(lines.size() == 3 * geometries.size());
            CHECK(std::all_of(lines.begin(), lines.end(), [](const std::string& line) {
                return line.find(": cuDNN engine ") != std::string::npos;
            }));
        }
}

}  // namespace gantry::test
