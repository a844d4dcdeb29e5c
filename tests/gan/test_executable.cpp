// Runs the executable gan_mnist_mlp on a small data set of random images.
#include "io/temporary_folder.hpp"
#include "programs.hpp"
#include "support/catch.hpp"
#include <gantry/io/csv.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace gantry;
using namespace gantry::test;

namespace {

const std::string small = "--recipe tejpalv --batch 10 --threads 1 ";

}  // namespace

TEST_CASE("Invalid options are one-line errors and start no run", "") {
    const MlpFolder place;
    CHECK(is_error(place.run("--recipe foo"), {"--recipe", "foo", "fluxgan", "--help"}));
    CHECK(is_error(place.run("--objective foo"), {"--objective", "foo", "hinge"}));
    CHECK(is_error(place.run("--k 0"), {"--k", "an integer of at least 1; got 0"}));
    CHECK(is_error(place.run("--batch -1"), {"--batch", "at least 1; got -1"}));
    CHECK(is_error(place.run("--batch 3.5"), {"--batch", "at least 1; got 3.5"}));
    CHECK(is_error(place.run("--batch 101 --recipe tejpalv"),
                   {"the batch size must not exceed the data set", "101 from 100"}));
    CHECK(is_error(place.run("--threads -1"), {"--threads", "at least 0; got -1"}));
    CHECK(is_error(place.run("--device cuda"), {"--device", "built without CUDA"}));
    CHECK(is_error(place.run("--device tpu"), {"--device", "tpu"}));
    CHECK(is_error(place.run("--gpu -1"), {"--gpu", "at least 0; got -1"}));
    CHECK(is_error(place.run("--gpu first"), {"--gpu", "an integer of at least 0; got first"}));
    CHECK(is_error(place.run("--gpu 0"), {"[--gpu] this program was built without CUDA"}));
    CHECK(is_error(place.run("--tf32"), {"[--tf32] this program was built without CUDA"}));
    CHECK(is_error(place.run("--device cpu --gpu 0"), {"[--gpu] --device cpu uses no GPU"}));
    CHECK(is_error(place.run("--tf32 --device cpu"), {"[--tf32] --device cpu uses no GPU"}));
    CHECK(is_error(place.run("--tf32 --device eigen"), {"[--tf32] --device eigen uses no GPU"}));
    CHECK(is_error(place.run("--data-placement disk"), {"--data-placement", "disk"}));
    CHECK(is_error(place.run("--seed -1"), {"--seed", "at least 0; got -1"}));
    CHECK(is_error(place.run("--iterations many"), {"--iterations", "got many"}));
    CHECK(is_error(place.run("--every 0"), {"--every", "at least 1; got 0"}));
    CHECK(is_error(place.run("--real-label 0"), {"real samples must be in (0, 1]"}));
    CHECK(is_error(place.run("--objective hinge --real-label 0.9"), {"label smoothing applies to minimax"}));
    CHECK(is_error(place.run("--penalty r3"), {"--penalty", "r3", "one-sided-gradient"}));
    CHECK(is_error(place.run("--penalty r1 --penalty-weight -1"), {"the weight must be at least 0; got -1"}));
    CHECK(is_error(place.run("--ema 1"), {"average_decay must be at least 0 and less than 1; got 1"}));
    CHECK(is_error(place.run("--lr-g -1"), {"learning_rate", "got -1"}));
    CHECK(is_error(place.run("--penalty-every 0"), {"--penalty-every", "at least 1; got 0"}));
    CHECK(is_error(place.run("--colour red"), {"--colour"}));
    CHECK(is_error(place.run("--resume nowhere"), {"no checkpoint to resume from in nowhere"}));
    CHECK(is_error(place.run("--resume a --out b"), {"must name the same folder; got a and b"}));
    CHECK(is_error(shell(place.program("").substr(0, place.program("").find("--data")) + "--data nowhere"),
                   {"no folder nowhere"}));
    CHECK_FALSE(std::filesystem::exists(place / "runs"));
}

TEST_CASE("Help and a dry run do not train", "") {
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
    CHECK(plan.output.find("\nan iteration: ") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(place / "runs"));
}

TEST_CASE("A resumed run equals the uninterrupted run byte for byte", "") {
    const MlpFolder place;
    // Goodfellow's recipe has the most state to restore: dropout, schedules, moments.
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

TEST_CASE("Additional images do not affect the run", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 8 --every 3 --out a").code == 0);
    REQUIRE(place.run(small + "--iterations 8 --every 5 --out b").code == 0);
    CHECK(read_safetensors(place / "a/checkpoint.safetensors").tensors ==
          read_safetensors(place / "b/checkpoint.safetensors").tensors);
    CHECK(place.file("a/losses.csv") == place.file("b/losses.csv"));
}

TEST_CASE("Inputs that would invalidate a run are errors", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 2 --out run").code == 0);
    const std::string good = place.file("run/checkpoint.safetensors");

    SECTION("a new run in the same folder") {
        CHECK(is_error(place.run(small + "--out run"), {"there is a run in run already", "--resume run"}));
    }
    SECTION("a changed option that is fixed for a run") {
        CHECK(is_error(place.run("--resume run --batch 20"), {"has --batch 10", "got --batch 20"}));
        CHECK(is_error(place.run("--resume run --recipe fluxgan"), {"has --recipe tejpalv"}));
    }
    SECTION("other data") {
        const std::string images = place.file("data/train-images-idx3-ubyte");
        put_file(place / "data/train-images-idx3-ubyte", images.substr(0, images.size() - 1) + "?");
        CHECK(is_error(place.run("--resume run --iterations 4"), {"was trained on other images"}));
    }
    SECTION("other labels") {
        const std::string labels = place.file("data/train-labels-idx1-ubyte");
        put_file(place / "data/train-labels-idx1-ubyte", labels.substr(0, labels.size() - 1) + '\1');
        CHECK(is_error(place.run("--resume run --iterations 4"),
                       {"was trained on other images or labels", "choose its folder with --data"}));
    }
    SECTION("the same bytes as images of another size") {
        std::string images = place.file("data/train-images-idx3-ubyte");
        images[11] = 14;
        images[15] = 56;
        put_file(place / "data/train-images-idx3-ubyte", images);
        CHECK(is_error(place.run("--resume run --iterations 4"),
                       {"was trained on other images or labels", "of 14 x 56 x 1", "of 28 x 28 x 1"}));
    }
    SECTION("a damaged checkpoint") {
        put_file(place / "run/checkpoint.safetensors", good.substr(0, good.size() - 1));
        CHECK(is_error(place.run("--resume run"),
                       {"checkpoint.safetensors is damaged", "the one before it, of iteration 0, is valid"}));
        return;
    }
    SECTION("an inconsistent checkpoint") {
        const Safetensors whole = read_safetensors(place / "run/checkpoint.safetensors");
        const auto refused = [&](const std::string& name, auto value, std::string_view reason) {
            CAPTURE(name, value);
            Safetensors changed = whole;
            if constexpr (std::is_same_v<decltype(value), const char*>)
                changed.metadata.at(name) = value;
            else
                changed.tensors.at(name) = io::make_entry({}, std::array{value});
            write_safetensors(place / "run/checkpoint.safetensors", changed);
            CHECK(is_error(place.run("--resume run --iterations 5"), {"run/checkpoint.safetensors", reason}));
        };
        const std::uint64_t most = ~std::uint64_t{0};
        refused("data.position", most, "a position must be at most");
        refused("data.position", std::uint64_t{3}, "\"data.position\" 3, which does not match");
        refused("iterations", std::uint64_t{1} << 63, "which does not match \"iterations\"");
        refused("optimizer.generator.updates", most, "does not match");
        refused("optimizer.generator.learning_rate", std::nan(""), "learning_rate must be finite");
        refused("--k", "2", "does not match \"iterations\"");
        refused("--k", "0", "is damaged");
        refused("--batch", "20", "a different order of data");
        refused("--batch", "99999999999999999999", "is damaged");
        refused("--batch", "10 ", "is damaged");
        refused("--seed", "2", "a different order of data");
        refused("--real-label", "0,9", "is damaged");
        refused("generator.dropout", "1,2,x", "an invalid \"generator.dropout\"");
        return;
    }
    SECTION("a checkpoint of another program") {
        Safetensors other = read_safetensors(place / "run/checkpoint.safetensors");
        other.metadata.clear();
        write_safetensors(place / "run/checkpoint.safetensors", other);
        CHECK(is_error(place.run("--resume run"), {"is not a checkpoint of this program"}));
        return;
    }
    SECTION("a full disk") {  // as large as a file may be: 1 MB, the images fit, a checkpoint does not
        for (const std::string trap : {"", "trap '' XFSZ; "}) {
            const Result full =
                shell(trap + "ulimit -f 2000; " + place.program("--resume run --iterations 4"));
            CHECK(is_error({full.code, full.output.substr(full.output.find('['))},
                           {"cannot write", "File too large"}));
            CHECK_FALSE(std::filesystem::exists(place / "run/checkpoint-new.safetensors.part"));
        }
    }
    SECTION("a folder that cannot be created") {
        CHECK(is_error(place.run(small + "--out data/train-labels-idx1-ubyte/run"),
                       {"cannot create the folder"}));
    }
    CHECK(place.file("run/checkpoint.safetensors") == good);
}

TEST_CASE("A termination signal finishes the step, saves, and exits with 128 plus its number", "") {
    const MlpFolder place;
    // Two in short succession, as sent by terminals and `timeout`, count as one.
    const std::vector<std::pair<std::string, int>> signals{
        {"INT", 130}, {"TERM", 143}, {"HUP", 129}, {"XCPU", 152}, {"INT $!; kill -INT", 130}};
    for (const auto& [signal, code] : signals) {
        CAPTURE(signal);
        const std::string folder = "run" + std::to_string(code) + std::to_string(signal.size());
        const Result stopped = place.interrupt(small + "--iterations 1000000", folder, signal);
        INFO(stopped.output);
        CHECK(stopped.code == code);
        CHECK(stopped.output.find("Continue with --resume " + folder) != std::string::npos);
        const Result resumed = place.run("--resume " + folder + " --iterations 1");
        CHECK(resumed.code == 0);
        CHECK(resumed.output.find("has completed its") != std::string::npos);
    }
}

TEST_CASE("A run continues without a reader of its output and without standard streams", "") {
    const MlpFolder place;
    CHECK(
        shell("( " + place.program(small + "--iterations 30 --every 5 --out read") + "; ) | head -1").code ==
        0);
    CHECK(place.run(small + "--iterations 30 --every 5 --out closed <&- >&- 2>&-").code == 0);
    for (int i = 0; i < 200 && !std::filesystem::exists(place / "read/samples.gif"); ++i) usleep(50'000);
    CHECK(place.file("closed/losses.csv") == place.file("read/losses.csv"));
    CHECK(read_csv(place / "closed/losses.csv").columns[0].size() == 30);
    CHECK(read_safetensors(place / "closed/checkpoint.safetensors") ==
          read_safetensors(place / "read/checkpoint.safetensors"));
}

TEST_CASE("The error of a second run in a folder names the first one's process", "") {
    const MlpFolder place;
    const Result both =
        shell("( " + place.program(small + "--iterations 1000000 --out run") + " > /dev/null ) & cd '" +
              (place / "").string() + "'; while ! test -s run/losses.csv; do sleep 0.05; done; ( " +
              place.program(small + "--out run") + " ); echo $?; ( " + place.program("--resume run") +
              " ); echo $?; kill -KILL $(cat run/.lock); wait");
    INFO(both.output);
    std::istringstream lines(both.output);
    for (int i = 0; i < 2; ++i) {
        std::string line, code;
        std::getline(lines, line);
        std::getline(lines, code);
        CHECK(is_line_with(line, {"[run folder] process ", " is using run"}));
        CHECK(code == "1");
    }
    // The lock was released with the process.
    CHECK(place.run("--resume run --iterations 1").code == 0);
    CHECK_FALSE(std::filesystem::exists(place / "run/.lock"));
}

TEST_CASE("A resume writes the final files of a run again", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 4 --every 2 --out run").code == 0);
    for (const std::string file :
         {"samples.gif", "losses.svg", "samples-000004.png", "generator.safetensors"}) {
        CAPTURE(file);
        const std::string before = place.file("run/" + file);
        std::filesystem::remove(place / ("run/" + file));
        CHECK(place.run("--resume run").code == 0);
        CHECK_FALSE(before.empty());
        CHECK(place.file("run/" + file) == before);
    }
}

TEST_CASE("A resume reports missing rows of its log before it trains", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 4 --out run").code == 0);
    const std::string log = place.file("run/losses.csv");
    put_file(place / "run/losses.csv", log.substr(0, log.rfind("\n3,") + 1));
    CHECK(is_error(place.run("--resume run --iterations 6"),
                   {"losses.csv lacks the rows of iterations 3 to 4"}));
    std::filesystem::remove(place / "run/losses.csv");
    const Result resumed = place.run("--resume run --iterations 6");
    CHECK(resumed.code == 0);
    CHECK(resumed.output.find("losses.csv is missing: the new one starts after iteration 4") !=
          std::string::npos);
    CHECK(read_csv(place / "run/losses.csv").columns[0] == std::vector<double>{5, 6});
    CHECK(place.run("--resume run --iterations 7").code == 0);
}

TEST_CASE("Files deleted or damaged during a run do not end it", "") {
    const std::string damage =
        GENERATE(as<std::string>{}, "rm run/losses.csv", "rm run/losses.csv; echo x > run/losses.csv");
    const MlpFolder place;
    const Result result =
        shell("( " + place.program(small + "--iterations 150 --every 50 --out run") + " ) & cd '" +
              (place / "").string() + "'; while ! test -s run/losses.csv; do sleep 0.02; done; " + damage +
              "; rm run/samples-000000.png; wait $!");
    INFO(result.output);
    CHECK(result.code == 0);
    CHECK(result.output.find("losses.csv is missing or damaged: no plot was drawn") != std::string::npos);
    CHECK(result.output.find("1 of 4 images are missing or damaged") != std::string::npos);
    CHECK_FALSE(place.file("run/samples.gif").empty());
}

TEST_CASE("Checkpoints take a small share of the time, or follow the user's interval", "") {
    const MlpFolder place;
    const auto iteration = [&](const std::string& file) {
        std::uint64_t value = 0;
        io::copy_values<std::uint64_t>(read_safetensors(place / file), "iterations", std::span(&value, 1));
        return value;
    };
    // Three small steps take less than twenty times as long as saving 16 MB.
    REQUIRE(place.run(small + "--iterations 3 --every 1 --out a").code == 0);
    CHECK(iteration("a/checkpoint-previous.safetensors") == 0);
    REQUIRE(place.run(small + "--iterations 5 --every 9 --save-every 2 --out b").code == 0);
    CHECK(iteration("b/checkpoint-previous.safetensors") == 4);
    CHECK(iteration("b/checkpoint.safetensors") == 5);
}

TEST_CASE("A resume with another build or device prints a line and continues", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 2 --out run").code == 0);
    Safetensors file = read_safetensors(place / "run/checkpoint.safetensors");
    CHECK(file.metadata.at("build").starts_with("gantry "));
    CHECK(place.run("--resume run --iterations 3").output.find("may differ") == std::string::npos);
    file.metadata["build"] = "gantry 0.0.1, another compiler";
    file.metadata["device"] = "H100";
    write_safetensors(place / "run/checkpoint.safetensors", file);
    put_file(place / "run/losses.csv", place.file("run/losses.csv"));
    const Result resumed = place.run("--resume run --iterations 3");
    INFO(resumed.output);
    CHECK(resumed.code == 0);
    CHECK(resumed.output.find("trained with gantry 0.0.1, another compiler and continues with gantry ") !=
          std::string::npos);
    CHECK(resumed.output.find("trained with H100 and continues with the CPU: results may differ") !=
          std::string::npos);
}

TEST_CASE("A loss that is not finite ends the run and keeps the checkpoint", "") {
    const MlpFolder place;
    REQUIRE(place.run(small + "--iterations 2 --out run").code == 0);
    Safetensors spoilt = read_safetensors(place / "run/checkpoint.safetensors");
    auto& bias = spoilt.tensors.at("discriminator.4.bias");
    bias = io::make_entry({1}, std::array{std::numeric_limits<float>::quiet_NaN()});
    write_safetensors(place / "run/checkpoint.safetensors", spoilt);
    const std::string before = place.file("run/checkpoint.safetensors");
    const Result diverged = place.run("--resume run --iterations 9");
    CHECK(
        is_error(diverged, {"diverged at iteration 3", "the last good checkpoint is of iteration 2 in run"}));
    CHECK(place.file("run/checkpoint.safetensors") == before);
}
