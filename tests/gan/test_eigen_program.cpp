// Runs the executable gan_mnist_mlp, with GANTRY_EIGEN_EXAMPLES, on Cpu and on EigenCpu.
#include "io/temporary_folder.hpp"
#include "programs.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/io/safetensors_file.hpp>

#include <string>
#include <vector>

using namespace gantry;
using namespace gantry::test;

TEST_CASE("A run on EigenCpu follows the run on Cpu, and resumes", "") {
    const MlpFolder place;
    const std::string options = "--recipe tejpalv --batch 10 --threads 1 ";
    REQUIRE(place.run(options + "--iterations 3 --out cpu --device cpu").code == 0);
    const Result first = place.run(options + "--iterations 2 --out eigen --device eigen");
    INFO(first.output);
    REQUIRE(first.code == 0);
    CHECK(first.output.find("Device: the CPU, with Eigen ") != std::string::npos);
    REQUIRE(place.run("--resume eigen --iterations 3 --device eigen").code == 0);
    const auto parameters = [&](const std::string& run) {
        const Safetensors file = read_safetensors(place / (run + "/checkpoint.safetensors"));
        std::vector<float> values(file.tensors.at("generator.0.weight").data.size() / sizeof(float));
        io::copy_values<float>(file, "generator.0.weight", values);
        return values;
    };
    CHECK(largest_error(parameters("eigen"), parameters("cpu")) < 1e-4);
}
