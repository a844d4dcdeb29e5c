// The tutorial's code is tested: CMake extracts the blocks marked `cpp`, in order, as files.
#include <gantry/gantry.hpp>
#include <gantry/io.hpp>

#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <io/temporary_folder.hpp>
#include <support/catch.hpp>

// A namespace, since the README has a Generator and a `train`, too.
namespace tutorial {
#define main run_main
#include <tutorial_1.hpp>  // the program
#undef main
#include <tutorial_6.hpp>  // networks that are structs
#include <tutorial_7.hpp>  // with several inputs and results

namespace {

const std::filesystem::path root =
    std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();

/// An empty working directory, until the end of the test.
class WorkingFolder {
public:
    WorkingFolder() { std::filesystem::current_path(folder_.path()); }
    WorkingFolder(const WorkingFolder&) = delete;
    WorkingFolder& operator=(const WorkingFolder&) = delete;
    ~WorkingFolder() { std::filesystem::current_path(before_); }

private:
    std::filesystem::path before_ = std::filesystem::current_path();
    TemporaryFolder folder_;
};

/// Writes `count` images of 8x6 pixels to a new folder.
void put_images(const std::string& folder, int count) {
    std::filesystem::create_directory(folder);
    for (int i = 0; i < count; ++i) {
        io::Image image{8, 6, 3, std::vector<std::uint8_t>(8 * 6 * 3, static_cast<std::uint8_t>(100 + i))};
        write_png(folder + '/' + std::to_string(i) + ".png", image);
    }
}

/// Runs the program: its exit code and all that it prints.
struct Run {
    int code;
    std::string output;

    explicit Run(std::vector<std::string> arguments) {
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        std::ostringstream text;
        std::streambuf* const out = std::cout.rdbuf(text.rdbuf());
        std::streambuf* const err = std::cerr.rdbuf(text.rdbuf());
        code = run_main(static_cast<int>(argv.size()), argv.data());
        std::cout.rdbuf(out);
        std::cerr.rdbuf(err);
        output = text.str();
    }
};

/// All of gantry's headers.
std::string headers() {
    std::string text;
    for (const auto& file : std::filesystem::recursive_directory_iterator(root / "include/gantry"))
        if (file.is_regular_file()) text += contents_of(file.path());
    return text;
}

/// The words of a C++ text.
std::set<std::string> words_of(std::string_view text) {
    std::set<std::string> words;
    std::string word;
    for (const char c : std::string(text) + ' ') {
        if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
            word += c;
        } else if (!word.empty()) {
            words.insert(std::move(word));
            word.clear();
        }
    }
    return words;
}

/// The code, in backquotes, of one column of all tables that follow `heading` up to the next heading.
std::vector<std::string> code_in_tables(const std::string& heading, std::size_t column) {
    std::istringstream document(contents_of(root / "docs/tutorial.md"));
    std::vector<std::string> found;
    bool inside = false;
    for (std::string line; std::getline(document, line);) {
        if (line.starts_with('#')) inside = line.ends_with(' ' + heading);
        if (!inside || !line.starts_with("| ")) continue;
        std::size_t begin = 0;
        for (std::size_t i = 0; i < column; ++i) begin = line.find(" | ", begin) + 3;
        const std::string cell = line.substr(begin, line.find(" |", begin) - begin);
        const std::regex code("`([^`]+)`");
        for (std::sregex_iterator i(cell.begin(), cell.end(), code), end; i != end; ++i)
            found.push_back((*i)[1].str());
    }
    return found;
}

}  // namespace

TEST_CASE("the tutorial's program trains, saves, loads and draws") {
    const WorkingFolder here;
    put_images("images", batch);
    const Run first({"my_gan", "images", "2"});
    CHECK(first.output.starts_with("2: discriminator "));
    REQUIRE(first.code == 0);
    const io::Image drawn = read_png("samples.png");
    CHECK(drawn.height == 2 * (8 * (32 + 2) + 2));
    CHECK(drawn == read_png("training.png"));  // the generator that was loaded, and the one that was saved

    std::filesystem::remove("samples.png");
    CHECK(Run({"my_gan"}).code == 0);
    CHECK(drawn == read_png("samples.png"));
}

TEST_CASE("the tutorial's snippets run, and its checkpoint restores a training run") {
    const WorkingFolder here;
    Cpu device;
    Network<Generator, Cpu> generator{device, Seed{1}};
    Network<Discriminator, Cpu> discriminator{device, Seed{2}};
    Adam generator_adam{generator};
    Adam discriminator_adam{discriminator};
    RandomStream noise{Seed{3}, "noise"};
    const Images images{40, 32, 32, 3, std::vector<std::uint8_t>(40 * 32 * 32 * 3, 7)};
    Batches<float> batches{images.pixels, images.sample_size(), {}, {.batch = batch}};

#include <tutorial_3.hpp>  // the list of what a checkpoint holds, and a checkpoint
    const auto all = [&] {
        CheckpointWriter now;
        serialize(now);
        write_safetensors("now.safetensors", now.file);
        return contents_of("now.safetensors");
    };
    const std::string saved = all();
    {
#include <tutorial_9.hpp>  // a training step of the generator
        CHECK(generator_adam.updates() == 1);
        CHECK(generator_adam.learning_rate() == 1e-4);
    }
    {
        const Step step{device};
#include <tutorial_2.hpp>  // real
        CHECK(real.batch() == 8);
    }
    {
        const Step step{device};
#include <tutorial_8.hpp>  // batches on the device
        const auto pixels = batches.next().pixels;
        CHECK(same.to_host() == std::vector<float>(pixels.begin(), pixels.end()));
        const auto real = same;
        const auto fake = generator(normal<Latent>(device, batch, noise));
#include <tutorial_5.hpp>  // a gradient penalty
        CHECK(std::isfinite(loss.item()));
        CHECK(discriminator_adam.updates() == 1);
    }
    CHECK(all() != saved);
#include <tutorial_4.hpp>  // loads the checkpoint
    CHECK(all() == saved);
}

TEST_CASE("the tutorial's structs are networks") {
    Cpu device;
    Network<Critic, Cpu> critic{device, Seed{1}};
    Adam adam{critic};
    Network<WithFeatures, Cpu> judge{device, Seed{2}};
    CHECK(critic.parameter("blocks.0.conv1.weight").to_host().size() == 3 * 3 * 16 * 16);
    const Step step{device};
    const auto image = filled<Shape<Batch, 32, 32, 3>>(device, 2, 0.5);
    adam.step(backward(mean(critic(image)), critic));
    const auto [logit, features] = judge(image, 2);
    CHECK(logit.to_host().size() == 2);
    CHECK(features.to_host().size() == 2 * 16);
    CHECK(decltype(critic)::Architecture::summary().find("blocks.1.conv2") != std::string::npos);
}

TEST_CASE("the tutorial quotes gantry's messages") {
    const WorkingFolder here;
    const std::string document = contents_of(root / "docs/tutorial.md");
    const auto check_quoted = [&](std::string message) {
        if (message.ends_with('\n')) message.pop_back();
        CAPTURE(message);
        CHECK(document.find('\n' + message + '\n') != document.npos);
    };
    std::filesystem::create_directory("images");
    check_quoted(Run({"my_gan", "images", "1"}).output);
    put_images("few", 10);
    check_quoted(Run({"my_gan", "few", "1"}).output);

    Cpu device;
    Network<Sequential<Dense<2, 1>>, Cpu> network{device, Seed{1}};
    check_quoted(error_of([&] { Adam adam{network, {.beta1 = 1.5}}; }));
    check_quoted(error_of([&] { static_cast<void>(from_host<Image>(device, 8, std::vector<float>(5))); }));
    check_quoted(error_of([&] { static_cast<void>(network(filled<Shape<Batch, 2>>(device, 1, 0))); }));

    // Messages of the compiler: string literals, possibly on several lines.
    std::string literals = headers();
    for (std::size_t i; (i = literals.find("\"\n")) != literals.npos;)
        literals.erase(i, literals.find_first_not_of(" \n", i + 1) + 1 - i);
    const auto messages = code_in_tables("What goes wrong", 0);
    CHECK(messages.size() == 4);
    for (const std::string& message : messages) {
        CAPTURE(message);
        CHECK(literals.find(message) != literals.npos);
    }
}

TEST_CASE("the tutorial's tables name only what gantry has") {
    const std::set<std::string> known = words_of(headers());
    for (const std::string table : {"Coming from PyTorch", "Coming from dlib"}) {
        const auto column = code_in_tables(table, 1);
        CHECK(column.size() > 20);
        for (const std::string& code : column)
            for (const std::string& word : words_of(code)) {
                CAPTURE(code, word);
                CHECK((std::isdigit(static_cast<unsigned char>(word[0])) || known.count(word) == 1));
            }
    }
}

}  // namespace tutorial
