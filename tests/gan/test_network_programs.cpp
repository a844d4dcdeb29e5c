// Runs the executables classify_mnist and autoencode_mnist on small data that can be learned.
#include "programs.hpp"
#include "support/catch.hpp"
#include <gantry/io/csv.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

/// Images of the classes 0 to 9 in turn: noise, and a bright bar at the height of the class.
std::string bars(std::size_t count) {
    std::string pixels = random_bytes(count * 784);
    for (char& pixel : pixels) pixel = static_cast<char>(static_cast<unsigned char>(pixel) / 4);
    for (std::size_t i = 0; i < count; ++i)
        std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(i * 784 + (4 + 2 * (i % 10)) * 28), 28,
                    '\xf0');
    return pixels;
}

struct Place : ProgramFolder {
    explicit Place(const std::string& program) : ProgramFolder(program) {
        write_mnist(*this / "data", "train", bars(100));
        write_mnist(*this / "data", "t10k", bars(30));
    }
};

struct Kind {
    std::string program, images;
};
const std::vector<Kind> kinds{{"classify_mnist", "mistakes"}, {"autoencode_mnist", "reconstructions"}};

double last_of(const std::filesystem::path& table, std::size_t column) {
    return read_csv(table).columns.at(column).back();
}

}  // namespace

TEST_CASE("classify_mnist learns to classify bars and reports its accuracy", "") {
    const Place place("classify_mnist");
    const Result result = place.run("--batch 50 --threads 1 --iterations 60 --every 20 --out run");
    INFO(result.output);
    REQUIRE(result.code == 0);
    CHECK(result.output.find("test accuracy") != std::string::npos);
    // As after a kill before the results are written: resuming the run writes them.
    const std::string results = place.file("run/confusion.csv");
    std::filesystem::remove(place / "run/confusion.csv");
    REQUIRE(place.run("--resume run").code == 0);
    CHECK(place.file("run/confusion.csv") == results);
    CHECK(read_csv(place / "run/losses.csv").names ==
          std::vector<std::string>{"iteration", "loss", "accuracy"});
    CHECK(last_of(place / "run/losses.csv", 2) > 0.9);
    const io::CsvTable test = read_csv(place / "run/test.csv");
    CHECK(test.names == std::vector<std::string>{"iteration", "accuracy"});
    CHECK(test.columns[0] == std::vector<double>{20, 40, 60});
    CHECK(test.columns[1].back() > 0.9);

    // Three of each class, most of them on the diagonal.
    const io::CsvTable confusion = read_csv(place / "run/confusion.csv");
    REQUIRE(confusion.columns.size() == 11);
    double right = 0;
    for (std::size_t c = 0; c < 10; ++c) {
        CHECK(confusion.columns[0][c] == static_cast<double>(c));
        double sum = 0;
        for (std::size_t k = 0; k < 10; ++k) sum += confusion.columns[1 + k][c];
        CHECK(sum == 3);
        right += confusion.columns[1 + c][c];
    }
    CHECK(std::abs(right - 30 * test.columns[1].back()) < 1e-9);
}

TEST_CASE("autoencode_mnist learns to draw bars", "") {
    const Place place("autoencode_mnist");
    REQUIRE(place.run("--batch 50 --threads 1 --iterations 120 --every 60 --out run").code == 0);
    const io::CsvTable losses = read_csv(place / "run/losses.csv");
    CHECK(losses.names == std::vector<std::string>{"iteration", "loss"});
    CHECK(losses.columns[1].back() < 0.5 * losses.columns[1].front());
    CHECK(last_of(place / "run/test.csv", 1) < 0.5 * losses.columns[1].front());
}

TEST_CASE("A resumed run of one network equals the uninterrupted run byte for byte", "") {
    for (const auto& [program, images] : kinds) {
        CAPTURE(program);
        const Place place(program);
        const std::string options = "--batch 30 --seed 5 --every 2 --threads 1 ";
        REQUIRE(place.run(options + "--iterations 6 --out straight").code == 0);
        REQUIRE(place.run(options + "--iterations 4 --out run").code == 0);
        const Result resumed = place.run("--resume run --iterations 6 --threads 2");
        INFO(resumed.output);
        REQUIRE(resumed.code == 0);
        for (const auto& entry : std::filesystem::directory_iterator(place / "straight")) {
            const std::string file = entry.path().filename().string();
            CAPTURE(file);
            if (!file.starts_with("checkpoint-previous"))
                CHECK(place.file("run/" + file) == place.file("straight/" + file));
        }
        CHECK_FALSE(place.file("run/" + images + "-000006.png").empty());
        CHECK_FALSE(place.file("run/" + images + ".gif").empty());
        CHECK_FALSE(place.file("run/losses.svg").empty());
    }
}

TEST_CASE("Additional reports do not affect a run of one network", "") {
    for (const auto& [program, images] : kinds) {
        CAPTURE(program);
        const Place place(program);
        REQUIRE(place.run("--batch 30 --threads 1 --iterations 6 --every 2 --out a").code == 0);
        REQUIRE(place.run("--batch 30 --threads 1 --iterations 6 --every 5 --out b").code == 0);
        CHECK(read_safetensors(place / "a/checkpoint.safetensors").tensors ==
              read_safetensors(place / "b/checkpoint.safetensors").tensors);
        CHECK(place.file("a/losses.csv") == place.file("b/losses.csv"));
    }
}

TEST_CASE("Inputs that would invalidate a run of one network are one-line errors", "") {
    const Place place("classify_mnist");
    REQUIRE(place.run("--batch 30 --threads 1 --iterations 2 --out run").code == 0);
    const std::string good = place.file("run/checkpoint.safetensors");

    SECTION("a damaged checkpoint") {
        put_file(place / "run/checkpoint.safetensors", good.substr(0, good.size() / 2));
        CHECK(is_error(place.run("--resume run"), {"checkpoint.safetensors is damaged"}));
    }
    SECTION("a checkpoint of another program") {
        const Place other("autoencode_mnist");
        CHECK(is_error(other.run("--resume '" + (place / "run").string() + "'"),
                       {"is a checkpoint of classify_mnist, not of autoencode_mnist"}));
    }
    SECTION("another test set") {
        const std::string labels = place.file("data/t10k-labels-idx1-ubyte");
        put_file(place / "data/t10k-labels-idx1-ubyte", labels.substr(0, labels.size() - 1) + '\1');
        CHECK(is_error(place.run("--resume run --iterations 4"), {"was measured on other images or labels"}));
    }
    SECTION("a folder without a test set") {
        std::filesystem::remove(place / "data/t10k-images-idx3-ubyte");
        CHECK(is_error(place.run("--out other"), {"no t10k-images-idx3-ubyte", "--data FOLDER"}));
        CHECK_FALSE(std::filesystem::exists(place / "other"));
    }
    SECTION("a test set of another image size") {
        std::string images = place.file("data/t10k-images-idx3-ubyte");
        images[15] = 14;  // the width
        images[7] = 60;   // the count
        put_file(place / "data/t10k-images-idx3-ubyte", images);
        put_file(place / "data/t10k-labels-idx1-ubyte",
                 std::string{0, 0, 8, 1, 0, 0, 0, 60} + std::string(60, '\0'));
        CHECK(is_error(place.run("--out other"), {"images must have the same size", "got 392 and 784"}));
    }
    SECTION("options of a GAN") { CHECK(is_error(place.run("--k 2"), {"--k"})); }
}

TEST_CASE("Ctrl-C saves a run of one network, which can be resumed", "") {
    const Place place("autoencode_mnist");
    const Result stopped = place.interrupt("--batch 10 --threads 1 --iterations 1000000", "run", "INT");
    INFO(stopped.output);
    CHECK(stopped.code == 130);
    CHECK(stopped.output.find("Continue with --resume run") != std::string::npos);
    const double before = last_of(place / "run/losses.csv", 0);
    const std::string more = std::to_string(static_cast<int>(before) + 2);
    CHECK(place.run("--resume run --iterations " + more).code == 0);
    CHECK(last_of(place / "run/losses.csv", 0) == before + 2);
}

TEST_CASE("A dry run prints a network and does not train", "") {
    const Place place("autoencode_mnist");
    const Result plan = place.run("--dry-run");
    CHECK(plan.code == 0);
    CHECK(plan.output.find("MaxUnpool2d") != std::string::npos);
    CHECK(plan.output.find("14217") != std::string::npos);
    CHECK(plan.output.find("\nan iteration: ") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(place / "runs"));
}
