// What a run does at its edges: saves, signals, lack of memory. It trains nothing.
#include "gan/call.hpp"
#include "io/temporary_folder.hpp"
#include "program/interrupt.hpp"
#include "program/program.hpp"
#include "program/sheet.hpp"
#include "support/catch.hpp"
#include "support/record_syncs.hpp"
#include "support/run_in_child.hpp"

#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

using namespace gantry;
using namespace gantry::test;

namespace {

program::Options last_options;  ///< of the last experiment that began
long shown_milliseconds = -1;   ///< time that all clocks show; negative: the real one

/// Counts its iterations, and calls a function in each.
class Counter final : public program::Experiment {
public:
    explicit Counter(std::function<void()> in_step) : in_step_(std::move(in_step)) {}

    void step() override {
        in_step_();
        metrics_.push_back({static_cast<double>(++iterations_)});
    }
    std::vector<std::vector<double>> take_metrics() override { return std::exchange(metrics_, {}); }
    std::uint64_t iterations() const override { return iterations_; }
    std::vector<double> test() override { return {0.5}; }
    io::Image draw() override { return {1, 1, 1, {0}}; }
    std::map<std::string, std::string> record() const override { return {{"device", "none"}}; }
    void serialize(CheckpointWriter& checkpoint) override { checkpoint.number("iterations", iterations_); }
    void serialize(CheckpointReader& checkpoint) override { checkpoint.number("iterations", iterations_); }

private:
    std::function<void()> in_step_;
    std::vector<std::vector<double>> metrics_;
    std::uint64_t iterations_ = 0;
};

LabelledImages one_pixel(const program::Options&, Split) { return {{1, 1, 1, 1, {0}}, {}}; }

/// Runs a Counter with these arguments.
Result count(
    const std::vector<std::string>& arguments, const std::function<void()>& in_step = [] {},
    const std::function<LabelledImages(const program::Options&, Split)>& load = one_pixel) {
    const program::AnyRecipe recipe{.name = "counter",
                                    .iterations = 2,
                                    .batch = 3,
                                    .input = Shape<Batch, 1>::extents(1),
                                    .parameters = "no parameters",
                                    .summary = [](const program::Options&) { return std::string(); },
                                    .begin =
                                        [&](const program::Options& options, const LabelledImages&) {
                                            last_options = options;
                                            return std::make_unique<Counter>(in_step);
                                        }};
    const program::Program program{.name = "count",
                                   .description = "A test.",
                                   .dataset = {.contents = "Nothing", .folder = "any", .load = load},
                                   .recipes = {recipe},
                                   .metrics = {{"loss", "loss", 1, "red"}},
                                   .test_metrics = {{"score", "score", 1}}};
    return call([&](int argc, const char* const* argv) { return program::run(argc, argv, program); },
                arguments);
}

/// How a process ends that gets two signals with `milliseconds` in between.
std::string end_after(int first, long milliseconds, int second) {
    return run_in_child([&] {
        shown_milliseconds = 0;
        const program::Interrupt interrupt;
        std::raise(first);
        shown_milliseconds = milliseconds;
        std::raise(second);
        return interrupt.signal() == first;
    });
}

}  // namespace

// Replaces the C library's.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
    if (shown_milliseconds < 0) return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    *time = {shown_milliseconds / 1000, shown_milliseconds % 1000 * 1'000'000};
    return 0;
}

TEST_CASE("The logs are on disk before the checkpoint that relies on them", "") {
    const TemporaryFolder place;
    synced.clear();
    records_syncs = true;
    const Result run = count({"--every", "1", "--save-every", "1", "--out", place / "run"});
    records_syncs = false;
    INFO(run.output);
    REQUIRE(run.code == 0);
    std::vector<std::string> order;
    for (const std::string& file : synced) {
        if (file.starts_with("losses.csv: ") || file.starts_with("test.csv: ")) order.push_back(file);
        if (file.starts_with("checkpoint-new.safetensors.part: ")) order.push_back("checkpoint");
    }
    const std::string losses = "losses.csv: iteration,loss\n1,1\n",
                      test = "test.csv: iteration,score\n1,0.5\n";
    CHECK(order == std::vector<std::string>{"checkpoint", losses, test, "checkpoint", losses + "2,2\n",
                                            test + "2,0.5\n", "checkpoint", losses + "2,2\n",
                                            test + "2,0.5\n", "checkpoint"});
}

TEST_CASE("A second Ctrl-C more than a second after the first signal ends the process at once", "") {
    CHECK(end_after(SIGINT, 1000, SIGINT) == "exit 0");
    CHECK(end_after(SIGINT, 1001, SIGINT) == "signal " + std::to_string(SIGINT));
    CHECK(end_after(SIGHUP, 1001, SIGTERM) == "signal " + std::to_string(SIGTERM));
    CHECK(end_after(SIGINT, 9000, SIGHUP) == "exit 0");
}

TEST_CASE("A run that was ended at once continues from its last checkpoint", "") {
    const TemporaryFolder place;
    const std::string run = place / "run";
    const auto two_signals = [] {
        shown_milliseconds = 0;
        std::raise(SIGINT);
        shown_milliseconds = 1001;
        std::raise(SIGINT);
    };
    CHECK(run_in_child([&] { return count({"--out", run}, two_signals).code == 0; }) ==
          "signal " + std::to_string(SIGINT));
    CHECK(count({"--resume", run}).code == 0);
}

TEST_CASE("Lack of memory is a one-line error", "") {
    const TemporaryFolder place;
    const auto in_vain = []() { throw std::bad_alloc(); };
    CHECK(is_error(count({"--out", place / "run"}, in_vain),
                   {"[memory] out of memory: use a smaller --batch"}));
    CHECK(is_error(count(
                       {"--out", place / "other"}, [] {},
                       [&](const program::Options&, Split) -> LabelledImages { throw std::bad_alloc(); }),
                   {"[memory] out of memory"}));
}

TEST_CASE("A recipe's iterations and batch apply unless the user gives others", "") {
    const TemporaryFolder place;
    REQUIRE(count({"--out", place / "a"}).code == 0);
    CHECK(last_options.iterations == 2);
    CHECK(last_options.batch == 3);
    REQUIRE(count({"--iterations", "4", "--batch", "5", "--out", place / "b"}).code == 0);
    CHECK(last_options.iterations == 4);
    CHECK(last_options.batch == 5);
}

TEST_CASE("The parts of a run have different seeds", "") {
    const auto seed = [](std::uint64_t run, const char* part) { return program::seed_for(Seed{run}, part); };
    CHECK(seed(1, "generator") == seed(1, "generator"));
    CHECK(seed(1, "generator") != seed(1, "discriminator"));
    CHECK(seed(1, "generator") != seed(2, "generator"));
}

TEST_CASE("A sheet shows images from the whole data set", "") {
    Images images{128, 1, 1, 1, {}};
    for (std::uint8_t i = 0; i < 128; ++i) images.pixels.push_back(i);
    const io::Image sheet = program::sheet_of(images);
    // Eight images in a row; each pixel twice in both directions, after a border of two pixels.
    for (const auto& [row, column] : {std::pair{0, 0}, {0, 1}, {1, 0}, {7, 7}}) {
        const int y = 2 * (2 + row * 3), x = 2 * (2 + column * 3);
        CHECK(sheet.pixels[static_cast<std::size_t>(y * sheet.width + x)] == 2 * (8 * row + column));
    }
}
