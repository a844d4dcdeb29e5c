// Runs gan_mnist_mlp as a user would, on a small data set of random pictures.
#include "io/temporary_folder.hpp"
#include "programs.hpp"
#include "support/catch.hpp"
#include <gantry/io/safetensors_file.hpp>

#include <array>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

using namespace gantry;
using namespace gantry::test;

namespace {

const std::string small = "--recipe tejpalv --batch 10 --threads 1 ";

}  // namespace

TEST_CASE("Bad options give one clear line and no run", "") {
    const MlpFolder place;
    CHECK(is_error(place.run("--recipe foo"), {"--recipe", "foo", "fluxgan", "--help"}));
    CHECK(is_error(place.run("--objective foo"), {"--objective", "foo", "hinge"}));
    CHECK(is_error(place.run("--k 0"), {"--k", "whole number and at least 1; got 0"}));
    CHECK(is_error(place.run("--batch -1"), {"--batch", "at least 1; got -1"}));
    CHECK(is_error(place.run("--batch 3.5"), {"--batch", "at least 1; got 3.5"}));
    CHECK(is_error(place.run("--batch 101 --recipe tejpalv"),
                   {"a batch must not be larger than the data set", "101 from 100"}));
    CHECK(is_error(place.run("--threads -1"), {"--threads", "at least 0; got -1"}));
    CHECK(is_error(place.run("--device cuda"), {"--device", "built without CUDA"}));
    CHECK(is_error(place.run("--device tpu"), {"--device", "tpu"}));
    CHECK(is_error(place.run("--gpu -1"), {"--gpu", "at least 0; got -1"}));
    CHECK(is_error(place.run("--gpu first"), {"--gpu", "whole number and at least 0; got first"}));
    CHECK(is_error(place.run("--gpu 0"), {"[--gpu] this program was built without CUDA"}));
    CHECK(is_error(place.run("--tf32"), {"[--tf32] this program was built without CUDA"}));
    CHECK(is_error(place.run("--device cpu --gpu 0"), {"[--gpu] --device cpu uses no GPU"}));
    CHECK(is_error(place.run("--tf32 --device cpu"), {"[--tf32] --device cpu uses no GPU"}));
    CHECK(is_error(place.run("--data-placement disk"), {"--data-placement", "disk"}));
    CHECK(is_error(place.run("--seed -1"), {"--seed", "at least 0; got -1"}));
    CHECK(is_error(place.run("--iterations many"), {"--iterations", "got many"}));
    CHECK(is_error(place.run("--every 0"), {"--every", "at least 1; got 0"}));
    CHECK(is_error(place.run("--real-label 0"), {"real items must be above 0"}));
    CHECK(is_error(place.run("--objective hinge --real-label 0.9"), {"hinge has no labels"}));
    CHECK(is_error(place.run("--colour red"), {"--colour"}));
    CHECK(is_error(place.run("--resume nowhere"), {"no checkpoint to resume from in nowhere"}));
    CHECK(is_error(place.run("--resume a --out b"), {"must name the same folder; got a and b"}));
    CHECK(is_error(shell(place.program("").substr(0, place.program("").find("--data")) + "--data nowhere"),
                   {"no folder nowhere"}));
    CHECK_FALSE(std::filesystem::exists(place / "runs"));
}

TEST_CASE("Help and a dry run train nothing", "") {
    const MlpFolder place;
    const Result help = place.run("--help");
    CHECK(help.code == 0);
    for (const char* option : {"--resume", "--device", "--gpu", "--tf32"})
        CHECK(help.output.find(option) != std::string::npos);
    const Result plan = place.run("--dry-run --recipe goodfellow --k 3");
    CHECK(plan.code == 0);
    CHECK(plan.output.find("Dropout 0.2") != std::string::npos);
    CHECK(plan.output.find("2503984") != std::string::npos);
    CHECK(plan.output.find("simultaneous") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(place / "runs"));
}

TEST_CASE("A resumed run is the run that never stopped, byte for byte", "") {
    const MlpFolder place;
    // Goodfellow's recipe has the most that must come back: dropout, schedules, moments.
    const std::string options = "--recipe goodfellow --batch 30 --seed 5 --every 2 --threads 1 ";
    REQUIRE(place.run(options + "--iterations 6 --out straight").code == 0);
    REQUIRE(place.run(options + "--iterations 3 --out run").code == 0);
    const Result resumed = place.run("--resume run --iterations 6 --threads 2");
    INFO(resumed.output);
    REQUIRE(resumed.code == 0);
    for (const std::string file :
         {"checkpoint.safetensors", "losses.csv", "losses.svg", "samples-000004.png", "samples-000006.png"}) {
        CAPTURE(file);
        CHECK_FALSE(place.file("run/" + file).empty());
        CHECK(place.file("run/" + file) == place.file("straight/" + file));
    }
    CHECK_FALSE(place.file("run/samples.gif").empty());
}

TEST_CASE("A picture more or less changes nothing in the run", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 8 --every 3 --out a").code == 0);
    REQUIRE(place.run(small + "--iterations 8 --every 5 --out b").code == 0);
    CHECK(read_safetensors(place / "a/checkpoint.safetensors").tensors ==
          read_safetensors(place / "b/checkpoint.safetensors").tensors);
    CHECK(place.file("a/losses.csv") == place.file("b/losses.csv"));
}

TEST_CASE("What would spoil a run is refused", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 2 --out run").code == 0);
    const std::string good = place.file("run/checkpoint.safetensors");

    SECTION("a new run in its folder") {
        CHECK(is_error(place.run(small + "--out run"), {"there is a run in run already", "--resume run"}));
    }
    SECTION("an option that makes it another run") {
        CHECK(is_error(place.run("--resume run --batch 20"), {"has --batch 10", "got --batch 20"}));
        CHECK(is_error(place.run("--resume run --recipe fluxgan"), {"has --recipe tejpalv"}));
    }
    SECTION("other data") {
        const std::string images = place.file("data/train-images-idx3-ubyte");
        put_file(place / "data/train-images-idx3-ubyte", images.substr(0, images.size() - 1) + "?");
        CHECK(is_error(place.run("--resume run --iterations 4"), {"was trained on other images"}));
    }
    SECTION("a damaged checkpoint") {
        put_file(place / "run/checkpoint.safetensors", good.substr(0, good.size() - 1));
        CHECK(is_error(place.run("--resume run"), {"checkpoint.safetensors is damaged"}));
        return;
    }
    SECTION("a checkpoint of another program") {
        Safetensors other = read_safetensors(place / "run/checkpoint.safetensors");
        other.metadata.clear();
        write_safetensors(place / "run/checkpoint.safetensors", other);
        CHECK(is_error(place.run("--resume run"), {"is not a checkpoint of this program"}));
        return;
    }
    SECTION(
        "a disk that is full") {  // as large as a file may be: 1 MB, the pictures fit, a checkpoint does not
        const Result full =
            shell("trap '' XFSZ; ulimit -f 2000; " + place.program("--resume run --iterations 4"));
        CHECK(is_error({full.code, full.output.substr(full.output.find('['))},
                       {"cannot write", "File too large"}));
        CHECK_FALSE(std::filesystem::exists(place / "run/checkpoint-new.safetensors.part"));
    }
    SECTION("a folder that cannot be made") {
        CHECK(is_error(place.run(small + "--out data/train-labels-idx1-ubyte/run"),
                       {"cannot make the folder"}));
    }
    CHECK(place.file("run/checkpoint.safetensors") == good);
}

TEST_CASE("Ctrl-C finishes the step, saves and exits with 130", "") {
    const MlpFolder place;
    for (const std::string signal : {"INT", "TERM"}) {
        CAPTURE(signal);
        const Result stopped = place.interrupt(small + "--iterations 1000000", signal, signal);
        INFO(stopped.output);
        CHECK(stopped.code == 130);
        CHECK(stopped.output.find("Go on with --resume " + signal) != std::string::npos);
        const Result resumed = place.run("--resume " + signal + " --iterations 1");
        CHECK(resumed.code == 0);
        CHECK(resumed.output.find("has done its") != std::string::npos);
    }
}

TEST_CASE("A loss that is not finite stops the run and keeps the checkpoint", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 2 --out run").code == 0);
    Safetensors spoilt = read_safetensors(place / "run/checkpoint.safetensors");
    auto& bias = spoilt.tensors.at("discriminator.4.bias");
    bias = make_entry({1}, std::array{std::numeric_limits<float>::quiet_NaN()});
    write_safetensors(place / "run/checkpoint.safetensors", spoilt);
    const std::string before = place.file("run/checkpoint.safetensors");
    const Result diverged = place.run("--resume run --iterations 9");
    CHECK(is_error(diverged,
                   {"diverged at iteration 3", "the last good checkpoint is that of iteration 2 in run"}));
    CHECK(place.file("run/checkpoint.safetensors") == before);
}
