// The common behaviour of all training programs, tested with a small convolutional GAN for colour images.
#include "gan/run.hpp"
#include "io/temporary_folder.hpp"
#include "program/network_experiment.hpp"
#include "program/run_folder.hpp"
#include "program/sheet.hpp"
#include "programs.hpp"
#include "small_recipe.hpp"
#include "support/catch.hpp"
#include "support/comma_locale.hpp"
#include <gantry/gantry.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

/// The smallest networks, in a recipe that selects no classes.
struct Plain : SmallRecipe {
    static constexpr std::string_view name = "plain";
    using Generator = Sequential<InputShape<4>, Dense<4, 192>, Reshape<8, 8, 3>>;
    using Discriminator = Sequential<InputShape<8, 8, 3>, Flatten, Dense<192, 1>>;
    static constexpr gan::RecipeSettings settings{
        .iterations = 2, .batch = 8, .range = PixelRange::minus_one_to_one};
};

/// A learning rate beyond float's range makes the generator's weights infinite, after the losses of the
/// iteration.
struct Diverging : Plain {
    static constexpr std::string_view name = "diverging";
    static auto generator_optimizer(auto& network) { return Adam(network, {.learning_rate = 1e300}); }
};

// The members of all experiments. If one of these sizes is wrong, a member was added or removed: serialize it
// in serialize_all, or note here why it need not be saved, and update the list.

struct GanExperimentMembers {
    void* virtual_functions;
    const Images& images;  // the caller's
    std::uint64_t k;       // constant, like the next four
    bool has_penalty, has_average;
    std::uint64_t batches_per_iteration;
    std::string device_text;
    Cpu device;
    Network<SmallRecipe::Generator, Cpu> generator;
    Network<SmallRecipe::Discriminator, Cpu> discriminator;
    Adam<Network<SmallRecipe::Generator, Cpu>> generator_optimizer;
    Adam<Network<SmallRecipe::Discriminator, Cpu>> discriminator_optimizer;
    Batches<float> batches;
    gan::GanTrainer<decltype(generator), decltype(discriminator), decltype(generator_optimizer),
                    decltype(discriminator_optimizer), gan::AnyObjective, gan::AnyPenalty>
        trainer;
};
static_assert(sizeof(gan::GanExperiment<SmallRecipe, Cpu>) == sizeof(GanExperimentMembers));

struct NetworkExperimentMembers {
    void* virtual_functions;
    std::string device_text, test_text;  // constant
    Batches<float> batches;
    Cpu device;
    Network<Plain::Generator, Cpu> network;
    Adam<Network<Plain::Generator, Cpu>> adam;
    std::vector<std::vector<double>> metrics;  // in losses.csv before a save
    std::uint64_t iterations;
};
static_assert(sizeof(program::NetworkExperiment<Plain::Generator, Cpu>) == sizeof(NetworkExperimentMembers));

LabelledImages random_images(int height, int width, int channels) {
    constexpr std::size_t count = 20;
    LabelledImages data{{count, height, width, channels, {}}, {}};
    for (const char c : random_bytes(count * data.images.sample_size()))
        data.images.pixels.push_back(static_cast<std::uint8_t>(c));
    return data;
}

/// A data set of random images, with the size given by the folder's name.
program::Dataset random_source() {
    return {.contents = "Folder with random images", .load = [](const program::Options& options, Split) {
                return options.data == "grey" ? random_images(8, 8, 1) : random_images(8, 8, 3);
            }};
}

Result run_program(const std::vector<std::string>& arguments,
                   const program::Dataset& source = random_source(), const std::string& name = "gan_small") {
    return call(
        [&](int argc, const char* const* argv) {
            return gan::run<SmallRecipe, Plain, Diverging>(
                argc, argv, {.name = name, .description = "A test.", .dataset = source});
        },
        arguments);
}

}  // namespace

TEST_CASE("A resumed convolutional GAN equals the uninterrupted one byte for byte", "") {
    const TemporaryFolder place;
    const std::string straight = place / "straight", run = place / "run";
    REQUIRE(run_program({"--data", "x", "--every", "2", "--iterations", "6", "--out", straight}).code == 0);
    REQUIRE(run_program({"--data", "x", "--every", "2", "--iterations", "3", "--out", run}).code == 0);
    const Result resumed = run_program({"--resume", run, "--iterations", "6"});
    INFO(resumed.output);
    REQUIRE(resumed.code == 0);
    for (const std::string file :
         {"checkpoint.safetensors", "losses.csv", "losses.svg", "samples-000004.png", "samples-000006.png"}) {
        CAPTURE(file);
        CHECK_FALSE(contents_of(place / ("run/" + file)).empty());
        CHECK(contents_of(place / ("run/" + file)) == contents_of(place / ("straight/" + file)));
    }
}

TEST_CASE("A run with a penalty, an average and real samples for both networks resumes byte for byte", "") {
    const TemporaryFolder place;
    const std::string straight = place / "straight", run = place / "run";
    const auto train = [&](const std::string& out, const std::string& iterations) {
        const Result result = run_program(
            {"--recipe",  "plain",    "--data",           "x",     "--objective",     "relativistic-pairing",
             "--penalty", "gradient", "--penalty-weight", "0.5",   "--ema",           "0.5",
             "--lr-g",    "0.003",    "--lr-d",           "0.002", "--penalty-every", "2",
             "--k",       "3",        "--every",          "2",     "--iterations",    iterations,
             "--out",     out});
        INFO(result.output);
        REQUIRE(result.code == 0);
    };
    train(straight, "6");
    train(run, "3");
    const Result resumed = run_program({"--resume", run, "--iterations", "6"});
    INFO(resumed.output);
    REQUIRE(resumed.code == 0);
    for (const std::string file :
         {"checkpoint.safetensors", "generator.safetensors", "losses.csv", "samples-000006.png"}) {
        CAPTURE(file);
        CHECK(contents_of(place / ("run/" + file)) == contents_of(place / ("straight/" + file)));
    }
    const Safetensors checkpoint = read_safetensors(place / "run/checkpoint.safetensors");
    const Safetensors generator = read_safetensors(place / "run/generator.safetensors");
    CHECK(generator.tensors.at("0.weight") == checkpoint.tensors.at("average.0.weight"));
    CHECK_FALSE(generator.tensors.at("0.weight") == checkpoint.tensors.at("generator.0.weight"));
    const auto rate = [&](const std::string& name) {
        double value = 0;
        io::copy_values(checkpoint, "optimizer." + name + ".learning_rate", std::span(&value, 1));
        return value;
    };
    CHECK(rate("generator") == 0.003);
    CHECK(rate("discriminator") == 0.002);
    CHECK(contents_of(place / "run/losses.csv")
              .starts_with("iteration,discriminator_loss,generator_loss,real_score,fake_score,penalty\n1,"));
}

TEST_CASE("Weights that are not finite are never saved", "") {
    const TemporaryFolder place;
    const std::string out = (place / "run").string();
    const Result run =
        run_program({"--recipe", "diverging", "--data", "any", "--iterations", "1", "--out", out});
    INFO(run.output);
    CHECK(run.code == 1);
    CHECK(run.output.find("[training] the networks diverged at iteration 1 (") != std::string::npos);
}

TEST_CASE("Colour images are drawn in colour", "") {
    const TemporaryFolder place;
    REQUIRE(run_program({"--data", "x", "--out", place / "run"}).code == 0);
    const io::Image sheet = read_png(place / "run/samples-000002.png");
    CHECK(sheet.channels == 3);
    CHECK(sheet.height == 2 * (8 * (8 + 2) + 2));
    CHECK(sheet.width == sheet.height);
    bool grey = true;
    for (std::size_t i = 0; i < sheet.pixels.size(); i += 3)
        grey = grey && sheet.pixels[i] == sheet.pixels[i + 1] && sheet.pixels[i] == sheet.pixels[i + 2];
    CHECK_FALSE(grey);
    CHECK_FALSE(contents_of(place / "run/samples.gif").empty());
}

TEST_CASE("A run does not depend on the program's locale", "") {
    const TemporaryFolder place;
    const auto train = [&](const std::string& run) {
        return run_program({"--recipe", "plain", "--data", "x", "--real-label", "0.9", "--seed", "12345",
                            "--out", place / run})
            .code;
    };
    REQUIRE(train("classic") == 0);
    const auto help = [] {
        return call(
                   [](int argc, const char* const* argv) {
                       int size = 1234;
                       program::CommandLine line("A test.", {"small"}, random_source());
                       line.add("--size", size, "A number above 999", 1);
                       return line.parse(argc, argv) ? 0 : 1;
                   },
                   {"--help"})
            .output;
    };
    const std::string classic_help = help();
    {
        const CommaLocale comma;
        REQUIRE(train("german") == 0);
        const Result resumed = run_program({"--resume", place / "classic", "--iterations", "3"});
        INFO(resumed.output);
        CHECK(resumed.code == 0);
        CHECK(help() == classic_help);
    }
    REQUIRE(run_program({"--resume", place / "german", "--iterations", "3"}).code == 0);
    for (const std::string file : {"checkpoint.safetensors", "losses.csv", "losses.svg"})
        CHECK(contents_of(place / ("german/" + file)) == contents_of(place / ("classic/" + file)));
}

TEST_CASE("A run stays in its folder if the process goes to another one", "") {
    const TemporaryFolder place, other;
    const auto before = std::filesystem::current_path();
    program::Dataset source = random_source();
    source.load = [&, load = source.load](const program::Options& options, Split split) {
        std::filesystem::current_path(other.path());
        return load(options, split);
    };
    std::filesystem::current_path(place.path());
    const Result run = run_program({"--data", "x", "--out", "run"}, source);
    std::filesystem::current_path(place.path());
    const Result resumed = run_program({"--resume", "run", "--iterations", "3"}, source);
    std::filesystem::current_path(before);
    INFO(run.output << resumed.output);
    CHECK(run.code == 0);
    CHECK(resumed.code == 0);
    CHECK(run.output.find("Folder: run\n") != std::string::npos);
    CHECK(std::filesystem::exists(place / "run/samples.gif"));
    CHECK(std::filesystem::exists(place / "run/samples-000003.png"));
    CHECK_FALSE(std::filesystem::exists(place / "run/.lock"));
    CHECK(other.files() == 0);
}

TEST_CASE("A long run keeps an image of each report at first, then of every second one", "") {
    const TemporaryFolder place;
    const auto train = [&](const std::string& iterations) {
        REQUIRE(run_program({"--recipe", "plain", "--data", "x", "--every", "1", "--iterations", iterations,
                             "--out", place / iterations})
                    .code == 0);
        return program::RunFolder(place / iterations).images(1000);
    };
    CHECK(train("20").size() == 21);
    const std::vector<std::uint64_t> kept = train("203");
    CHECK(kept.size() == 103);
    CHECK(kept[1] == 2);
    CHECK(kept.back() == 203);
}

TEST_CASE("A program without a default data set requires a folder", "") {
    const TemporaryFolder place;
    CHECK(is_error(run_program({"--out", place / "run"}),
                   {"[options] --data FOLDER must be given: Folder with random images", "--help"}));
    CHECK_FALSE(std::filesystem::exists(place / "run"));
    const Result plan = run_program({"--dry-run"});
    CHECK(plan.code == 0);
    CHECK(plan.output.find("batches of 8 from --data FOLDER") != std::string::npos);
    CHECK(run_program({"--help"}).output.find("--classes") == std::string::npos);
    CHECK(is_error(run_program({"--classes", "bird"}), {"--classes"}));
}

TEST_CASE("Images of the wrong size are a one-line error", "") {
    const TemporaryFolder place;
    CHECK(is_error(run_program({"--data", "grey", "--out", place / "run"}),
                   {"[data] recipe small takes images of 8 x 8 x 3", "--data", "got 8 x 8 x 1"}));
    CHECK_FALSE(std::filesystem::exists(place / "run"));
}

TEST_CASE("A checkpoint of another program is an error", "") {
    const TemporaryFolder place;
    const std::string run = place / "run";
    REQUIRE(run_program({"--data", "x", "--out", run}).code == 0);
    CHECK(is_error(run_program({"--resume", run}, random_source(), "gan_large"),
                   {"is a checkpoint of gan_small, not of gan_large: resume it with"}));
}

TEST_CASE("CIFAR-10's classes are the user's, the recipe's, or all", "") {
    const TemporaryFolder place;
    std::string records;  // two of each class
    for (char i = 0; i < 20; ++i) records += static_cast<char>(i % 10) + random_bytes(3072);
    std::filesystem::create_directory(place / "data");
    put_file(place / "data/data_batch_1.bin", records);

    program::Dataset source = program::cifar10();
    LabelledImages loaded;
    const auto load = source.load;
    source.load = [&](const program::Options& options, Split split) {
        loaded = load(options, split);
        return random_images(8, 8, 3);  // the size that the networks take
    };
    const auto train = [&](const std::vector<std::string>& more) {
        std::vector<std::string> arguments{"--data", place / "data", "--out", place / "run"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Result result = run_program(arguments, source);
        INFO(result.output);
        CHECK(result.code == 0);
        return loaded.labels;
    };
    using Labels = std::vector<std::int32_t>;
    SECTION("the recipe's") {
        CHECK(train({}) == Labels{2, 3, 2, 3});
        CHECK(train({"--resume", "--iterations", "3"}) == Labels{2, 3, 2, 3});
        CHECK(is_error(run_program({"--resume", place / "run", "--classes", "dog"}, source),
                       {"has --classes bird,cat", "got --classes dog"}));
    }
    SECTION("the user's") { CHECK(train({"--classes", "truck,airplane"}) == Labels{0, 9, 0, 9}); }
    SECTION("all, on request") { CHECK(train({"--classes", "all"}).size() == 20); }
    SECTION("all, if the recipe names none") {
        CHECK(train({"--recipe", "plain"}).size() == 20);
        CHECK(read_safetensors(place / "run/checkpoint.safetensors").metadata.at("--classes") == "all");
    }
    SECTION("unknown classes") {
        CHECK(is_error(run_program({"--data", place / "data", "--classes", "bird,wolf"}, source),
                       {"a class must be one of airplane", "got wolf"}));
        CHECK(is_error(run_program({"--data", place / "nowhere"}, source),
                       {"data_batch_1.bin", "--data FOLDER"}));
    }
}

TEST_CASE("The images of a folder are scaled to one size", "") {
    const TemporaryFolder place;
    write_png(place / "a.png", {5, 7, 3, std::vector<std::uint8_t>(105, 200)});
    write_png(place / "b.png", {3, 3, 1, std::vector<std::uint8_t>(9, 10)});
    program::Options options;
    options.data = place.path().string();
    const LabelledImages data = program::image_folder(8, 6).load(options, Split::train);
    CHECK(data.images.count == 2);
    CHECK(data.labels.empty());
    CHECK(data.images.height == 8);
    CHECK(data.images.width == 6);
    CHECK(data.images.channels == 3);
    CHECK(is_error(run_program({"--data", place / "nowhere"}, program::image_folder(8, 8)), {"nowhere"}));
}

TEST_CASE("A run prints its data, networks, device and folder at once", "") {
    const TemporaryFolder place;
    const Result run =
        run_program({"--data", "x", "--threads", "2", "--iterations", "1", "--out", place / "run"});
    const std::string header =
        "Data: 20 images of 8 x 8 x 3 in x\nNetworks: recipe " + std::string(SmallRecipe::name) +
        ", generator " + std::to_string(SmallRecipe::Generator::parameter_count) + " and discriminator " +
        std::to_string(SmallRecipe::Discriminator::parameter_count) +
        " parameters\nDevice: the CPU, 2 threads\nFolder: " + (place / "run").string() + "\n";
    CHECK(run.output.substr(0, header.size()) == header);
}

TEST_CASE("A program without Eigen says how to build it with Eigen", "") {
    const TemporaryFolder place;
    CHECK(is_error(run_program({"--data", "x", "--device", "eigen", "--out", place / "run"}),
                   {"[--device eigen]", "built without Eigen", "GANTRY_EIGEN_EXAMPLES="}));
}

TEST_CASE("Control characters in folder names are not printed", "") {
    const TemporaryFolder place;
    const Result run = run_program({"--data", "x", "--iterations", "1", "--out", place / "run\x1B[31m\nred"});
    CHECK(run.code == 0);
    CHECK(run.output.find("run\\x1B[31m\\x0Ared") != std::string::npos);
    CHECK(run.output.find('\x1B') == std::string::npos);
}

TEST_CASE("A folder without access permission is a one-line error", "") {
    const TemporaryFolder place;
    std::filesystem::create_symlink("loop", place / "loop");
    CHECK(is_error(run_program({"--data", "x", "--out", place / "loop/run"}), {"loop", "Too many levels"}));
    CHECK(
        is_error(run_program({"--data", "x", "--resume", place / "loop/run"}), {"loop", "Too many levels"}));
}

TEST_CASE("A misspelt option gets a suggestion", "") {
    for (const auto& [given, meant] : {std::pair{"--iteratoins", "--iterations?"},
                                       {"--iter=5", "--iterations?"},
                                       {"--sede", "--seed?"},
                                       {"--resume_", "--resume?"},
                                       {"--batch-size", "--batch?"}})
        CHECK(is_error(run_program({"--data", "x", given, "3"}), {"is not an option", meant, "--help"}));
    const std::string stranger = run_program({"--data", "x", "--wavelength"}).output;
    CHECK(stranger == "[options] --wavelength is not an option; --help lists the options\n");
}

TEST_CASE("The option --version prints gantry's version", "") {
    const Result result = run_program({"--version"});
    CHECK(result.code == 0);
    CHECK(result.output.starts_with("gantry " + std::string(version) + ", "));
}

TEST_CASE("A run draws images of its training data", "") {
    const TemporaryFolder place;
    REQUIRE(run_program({"--data", "x", "--iterations", "1", "--out", place / "run"}).code == 0);
    const io::Image sheet = read_png(place / "run/real.png");
    CHECK(sheet == program::sheet_of(random_images(8, 8, 3).images));
    CHECK(sheet.height == 2 * (3 * (8 + 2) + 2));  // 20 images, 8 in a row
    const auto first = random_images(8, 8, 3).images.pixels;
    const std::size_t corner = 3 * (4 * static_cast<std::size_t>(sheet.width) + 4);
    CHECK(std::equal(&first[0], &first[3], &sheet.pixels[corner]));
}

TEST_CASE("All broken image files are named and can be skipped", "") {
    const TemporaryFolder place;
    std::filesystem::create_directories(place / "data");
    for (const auto name : {"a.png", "b.png", "c.png"})
        write_png(place / "data" / name, {8, 8, 3, std::vector<std::uint8_t>(192, 200)});
    for (const auto name : {"d.png", "e.png", "f.webp"}) put_file(place / "data" / name, "no image");
    const std::vector<std::string> arguments{"--data", place / "data", "--batch",    "2", "--iterations",
                                             "1",      "--out",        place / "run"};
    const Result refused = run_program(arguments, program::image_folder(8, 8));
    CHECK(refused.code == 1);
    for (const auto part : {"d.png", "e.png", "2 of 5 images", "--skip-broken"})
        CHECK(refused.output.find(part) != refused.output.npos);
    CHECK_FALSE(std::filesystem::exists(place / "run"));

    auto with_skip = arguments;
    with_skip.push_back("--skip-broken");
    const Result result = run_program(with_skip, program::image_folder(8, 8));
    CHECK(result.code == 0);
    for (const auto part : {"Data: 3 images of 8 x 8 x 3 in ", "Skipped: 2 broken images, and 1 .webp"})
        CHECK(result.output.find(part) != result.output.npos);
    // The run remembers to skip broken files.
    CHECK(run_program({"--resume", place / "run", "--iterations", "2"}, program::image_folder(8, 8)).code ==
          0);
}

TEST_CASE("DCGAN's initial weights are normal, scales are around 1, and the rest is 0", "") {
    using Net =
        Network<Sequential<InputShape<8, 8, 16>, Conv2d<16, 64, Conv2dOptions{.size = 4}>, BatchNorm<64>>,
                Cpu>;
    Cpu device;
    Net network{device, Seed{1}};
    RandomStream stream(Seed{2}, "initialisation");
    gan::initialize_dcgan(network, stream);
    const auto numbers = network.parameters().to_host();
    for (const core::ParameterInfo& info : Net::Architecture::parameters()) {
        CAPTURE(info.name);
        const double n = static_cast<double>(info.extents.size());
        double mean = 0, square = 0;
        for (std::size_t i = 0; i < info.extents.size(); ++i) {
            const double x = numbers[info.offset + i];
            mean += x / n;
            square += x * x / n;
        }
        const double deviation = std::sqrt(square - mean * mean);
        const bool drawn = info.role == Role::weight || info.role == Role::scale;
        CHECK(std::abs(mean - (info.role == Role::scale ? 1 : 0)) <= (drawn ? 0.01 : 0));
        CHECK(std::abs(deviation - (drawn ? 0.02 : 0)) <= (drawn ? 0.005 : 0));
    }
}
