// Runs an executable that links gantry::cuda, on machines with and without a GPU.
#include "gan/programs.hpp"
#include "support/catch.hpp"

#include <string>

using namespace gantry;
using namespace gantry::test;

namespace {

struct Place : MlpFolder {
    Result train(const std::string& device) const {
        return run("--recipe tejpalv --batch 10 --iterations 3 --every 3 --threads 1 --out " + device +
                   " --device " + device);
    }
};

}  // namespace

TEST_CASE("A program with gantry::cuda trains on a GPU, or prints why it cannot", "") {
    const Place place;
    const Result result = place.train("auto");
    INFO(result.output);
    CHECK(result.code == 0);
    CHECK_FALSE(place.file("auto/losses.csv").empty());
    if (result.output.find("Device: GPU 0, ") != std::string::npos) {
        CHECK(place.train("cuda").code == 0);
    } else {
        CHECK(result.output.find("Device: the CPU (") != std::string::npos);
        CHECK(is_error(place.train("cuda"), {"[--device cuda]", "(cudaError", "nvidia-smi"}));
    }
}
