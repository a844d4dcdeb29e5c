// Runs the executable generate on the generator of a short run.
#include "gan/latent_path.hpp"
#include "io/temporary_folder.hpp"
#include "programs.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/io/npy.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

/// A folder with the run "run" of a small generator.
struct TrainedFolder : MlpFolder {
    TrainedFolder() {
        REQUIRE(run("--recipe tejpalv --batch 10 --threads 1 --iterations 2 --out run").code == 0);
    }
    Result generate(const std::string& arguments) const {
        return shell("cd '" + (*this / "").string() +
                     "' && exec '" GANTRY_EXAMPLES "/generate' --threads 1 " + arguments);
    }
};

/// The header of a .npy file, without trailing spaces, and its values.
struct Npy {
    explicit Npy(const std::string& bytes) {
        REQUIRE(bytes.substr(0, 8) == std::string("\x93NUMPY\x01\0", 8));
        std::uint16_t length = 0;
        std::memcpy(&length, bytes.data() + 8, sizeof length);
        REQUIRE((10 + length) % 64 == 0);
        header = bytes.substr(10, length);
        REQUIRE(header.ends_with('\n'));
        header.erase(header.find_last_not_of(" \n") + 1);
        numbers.resize((bytes.size() - 10 - length) / sizeof(float));
        std::memcpy(numbers.data(), bytes.data() + 10 + length, numbers.size() * sizeof(float));
    }
    std::vector<float> sample(std::size_t i) const {
        const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(i * 784);
        return {begin, begin + 784};
    }

    std::string header;
    std::vector<float> numbers;
};

}  // namespace

TEST_CASE("generate draws the same from a run, its generator file and its checkpoints", "") {
    const TrainedFolder place;
    const Result result = place.generate("run --count 3 --npy a.npy --grid a.png --images a");
    INFO(result.output);
    REQUIRE(result.code == 0);
    CHECK(result.output == "3 samples of gan_mnist_mlp/tejpalv\n");
    const Npy a(place.file("a.npy"));
    CHECK(a.header == "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 28, 28, 1, ), }");
    REQUIRE(a.numbers.size() == 3 * 784);
    for (const float number : a.numbers) REQUIRE(std::abs(number) <= 1);

    REQUIRE(place.generate("run/generator.safetensors --count 3 --npy b.npy").code == 0);
    REQUIRE(place.generate("run/checkpoint.safetensors --count 3 --npy c.npy").code == 0);
    CHECK(place.file("b.npy") == place.file("a.npy"));
    CHECK(place.file("c.npy") == place.file("a.npy"));
    CHECK_FALSE(std::filesystem::exists(place / "samples.png"));

    // A larger count extends the same sequence; another seed gives other samples.
    REQUIRE(place.generate("run --count 100 --npy more.npy --layout nchw").code == 0);
    const Npy more(place.file("more.npy"));
    CHECK(more.header.find("(100, 1, 28, 28, )") != std::string::npos);
    CHECK(more.sample(0) == a.sample(0));
    CHECK(more.sample(2) == a.sample(2));
    CHECK(more.sample(99) != more.sample(35));
    REQUIRE(place.generate("run --count 3 --seed 2 --npy other.npy").code == 0);
    CHECK(Npy(place.file("other.npy")).sample(0) != a.sample(0));

    // The images show the same values.
    const io::Image single = read_png(place / "a/sample-000002.png"), sheet = read_png(place / "a.png");
    CHECK(single.height == 28);
    CHECK(sheet.height == 2 * (28 + 2 * 2));
    CHECK(sheet.width == 2 * (3 * 30 + 2));
    CHECK(single.pixels[0] == std::lround(255 * (static_cast<double>(a.sample(2)[0]) + 1) / 2));
    CHECK_FALSE(std::filesystem::exists(place / "a/sample-000003.png"));
}

TEST_CASE("generate interpolates between latent points", "") {
    const TrainedFolder place;
    REQUIRE(place.generate("run --count 3 --npy ends.npy").code == 0);
    const Npy ends(place.file("ends.npy"));
    for (const std::string path : {"spherical", "linear"}) {
        REQUIRE(place
                    .generate("run --interpolate 3 --steps 5 --path " + path + " --npy " + path +
                              ".npy --grid " + path + ".png")
                    .code == 0);
        const Npy way(place.file(path + ".npy"));
        REQUIRE(way.numbers.size() == 2 * 5 * 784);
        CHECK(largest_error(way.sample(0), ends.sample(0)) < 1e-5);
        CHECK(largest_error(way.sample(4), ends.sample(1)) < 1e-5);
        CHECK(largest_error(way.sample(5), ends.sample(1)) < 1e-5);
        CHECK(largest_error(way.sample(9), ends.sample(2)) < 1e-5);
        CHECK(read_png(place / (path + ".png")).width == 2 * (5 * 30 + 2));
    }
    CHECK(place.file("spherical.npy") != place.file("linear.npy"));
}

TEST_CASE("Latent points on a great circle keep their norm", "") {
    const std::vector<float> a{3, 0, 4}, b{0, 5, 0};
    for (const double t : {0.0, 0.25, 0.5, 1.0}) {
        const auto point = gan::between(a, b, t, gan::LatentPath::spherical);
        CHECK(std::hypot(point[0], point[1], point[2]) == Approx(5));
    }
    CHECK(gan::between(a, b, 0.5, gan::LatentPath::linear) == std::vector<float>{1.5f, 2.5f, 2});
    // No great circle: linear interpolation.
    const std::vector<float> zero{0, 0, 0}, opposite{-3, 0, -4};
    CHECK(gan::between(a, zero, 0.5, gan::LatentPath::spherical) == std::vector<float>{1.5f, 0, 2});
    CHECK(gan::between(a, a, 0.5, gan::LatentPath::spherical) == a);
    CHECK(gan::between(a, opposite, 0.5, gan::LatentPath::spherical) == zero);
}

TEST_CASE("generate reads a PyTorch state_dict, and rejects other files with a one-line error", "") {
    const TrainedFolder place;
    Safetensors file = read_safetensors(place / "run/generator.safetensors");
    CHECK(file.tensors.size() == 6);
    CHECK(file.tensors.contains("4.weight"));  // named as in nn.Sequential
    file.metadata.clear();
    write_safetensors(place / "torch.safetensors", file);
    REQUIRE(
        place.generate("torch.safetensors --network gan_mnist_mlp/tejpalv --count 2 --npy torch.npy").code ==
        0);
    REQUIRE(place.generate("run --count 2 --npy run.npy").code == 0);
    CHECK(place.file("torch.npy") == place.file("run.npy"));

    CHECK(is_error(place.generate("torch.safetensors"),
                   {"torch.safetensors does not name its generator", "--network", "gan_folder_dcgan/dcgan"}));
    CHECK(is_error(place.generate("torch.safetensors --network gan_mnist_mlp/fluxgan"),
                   {"\"0.weight\" that is (512, 32) of F32, not (1200, 100)"}));
    CHECK(is_error(place.generate("run --network gan_mnist_mlp/fluxgan"),
                   {"generator.safetensors", "Dense 32 -> 512"}));
    file.metadata = {{"program", "classify_mnist"}, {"--recipe", "cnn"}};
    write_safetensors(place / "other.safetensors", file);
    CHECK(is_error(place.generate("other.safetensors"), {"classify_mnist/cnn", "not a known GAN"}));
    CHECK(is_error(place.generate("nowhere.safetensors"), {"nowhere.safetensors: No such file"}));
    CHECK(is_error(place.generate(""), {"FILE", "--help"}));
    CHECK(is_error(place.generate("run --count 0"), {"--count"}));
    CHECK(is_error(place.generate("run --network gan"), {"--network", "gan_mnist_dcgan/dcgan"}));
    CHECK(is_error(place.generate("run --interpolate 1"), {"--interpolate"}));
    CHECK(is_error(place.generate("run --steps 3"), {"--steps", "--interpolate"}));
    CHECK(is_error(place.generate("run --npy nowhere/a.npy"), {"nowhere/a.npy", "No such file"}));
    CHECK_FALSE(std::filesystem::exists(place / "samples.png"));

    const Result help = place.generate("--help");
    CHECK(help.code == 0);
    for (const char* text : {"--interpolate", "float32", "channels", "generator.safetensors"})
        CHECK(help.output.find(text) != std::string::npos);
}

TEST_CASE("A NumPy array is written completely or not at all", "") {
    const TemporaryFolder folder;
    const std::vector<float> numbers{1, 2, 3, 4, 5, 6};
    {
        io::NpyFile file(folder / "a.npy", {2, 3});
        file.write(std::span(numbers).first(4));
        CHECK(is_line_with(error_of([&] { file.commit(); }), {"missing", "2 too few"}));
        CHECK(is_line_with(error_of([&] { file.write(numbers); }), {"more values"}));
    }
    CHECK(folder.files() == 0);
    io::NpyFile file(folder / "a.npy", {2, 3});
    file.write(std::span(numbers).first(4));
    file.write(std::span(numbers).subspan(4));
    file.commit();
    CHECK(Npy(contents_of(folder / "a.npy")).numbers == numbers);
}
