// Draws samples from a generator trained by one of the other programs or by PyTorch.
#include "gan/latent_path.hpp"
#include "gan/sampler.hpp"
#include "program/parse_arguments.hpp"
#include "program/process.hpp"
#include "recipes/gan_cifar10_conv.hpp"
#include "recipes/gan_cifar10_dcgan.hpp"
#include "recipes/gan_cifar10_mlp.hpp"
#include "recipes/gan_folder_dcgan.hpp"
#include "recipes/gan_mnist_dcgan.hpp"
#include "recipes/gan_mnist_mlp.hpp"
#include <gantry/io/image.hpp>
#include <gantry/io/npy.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

using namespace gantry;

namespace {

std::vector<gan::AnyGenerator> all_generators() {
    std::vector<gan::AnyGenerator> all;
    {
        using namespace recipes::mnist_mlp;
        gan::add_generators<FluxGan, Goodfellow, Tejpalv>(all, "gan_mnist_mlp", 28, 28, 1);
    }
    gan::add_generators<recipes::mnist_dcgan::Dcgan>(all, "gan_mnist_dcgan", 28, 28, 1);
    {
        using namespace recipes::cifar10_dcgan;
        gan::add_generators<Notebook, Wide>(all, "gan_cifar10_dcgan", 32, 32, 3);
    }
    gan::add_generators<recipes::cifar10_mlp::FluxGan>(all, "gan_cifar10_mlp", 32, 32, 3);
    {
        using namespace recipes::cifar10_conv;
        gan::add_generators<FluxGan, Goodfellow>(all, "gan_cifar10_conv", 32, 32, 3);
    }
    gan::add_generators<recipes::folder_dcgan::Dcgan>(all, "gan_folder_dcgan", 64, 64, 3);
    return all;
}

struct Arguments {
    std::filesystem::path file;
    std::string network;
    int count = 64;
    std::uint64_t seed = 1;
    int interpolate = 0, steps = 8;
    std::string path = "spherical", layout = "nhwc";
    std::filesystem::path grid, images, npy;
    int threads = 0;
};

/// Returns false after --help and --version. Errors: invalid options.
bool parse(Arguments& arguments, const std::vector<gan::AnyGenerator>& generators, int argc, char** argv) {
    std::vector<std::string> names;
    for (const auto& generator : generators) names.push_back(generator.name);
    CLI::App app(
        "Draws samples from a generator in evaluation mode, so that each sample depends only on its latent "
        "point. The same seed gives the same samples; a larger --count adds samples after them.");
    app.add_option("FILE", arguments.file,
                   "generator.safetensors or a checkpoint of a GAN program, the folder of its run, or a "
                   "PyTorch state_dict with --network")
        ->required();
    app.add_option("--network", arguments.network, "PROGRAM/RECIPE, if the file does not name them")
        ->check(CLI::IsMember(names));
    auto* const count = app.add_option("--count", arguments.count, "Number of samples")
                            ->check(CLI::Range(1, 1'000'000))
                            ->capture_default_str();
    app.add_option("--seed", arguments.seed, "Seed of the latent points")->capture_default_str();
    auto* const interpolate =
        app.add_option("--interpolate", arguments.interpolate,
                       "Interpolate between this many latent points; each path is a row of the grid")
            ->check(CLI::Range(2, 10'000))
            ->excludes(count);
    app.add_option("--steps", arguments.steps, "Samples per path, including both ends")
        ->check(CLI::Range(2, 1000))
        ->needs(interpolate)
        ->capture_default_str();
    app.add_option("--path", arguments.path, "Interpolation: along a great circle, or linear")
        ->check(CLI::IsMember({"spherical", "linear"}))
        ->needs(interpolate)
        ->capture_default_str();
    app.add_option("--grid", arguments.grid,
                   "PNG of all samples; default: samples.png, if there is no other output");
    app.add_option("--images", arguments.images,
                   "Folder for one PNG per sample: sample-000000.png and so on");
    app.add_option("--npy", arguments.npy,
                   "NumPy array of float32, (samples, height, width, channels), in the generator's range: "
                   "[-1, 1] after Tanh, [0, 1] after Sigmoid");
    app.add_option("--layout", arguments.layout, "Layout of --npy; nchw: (samples, channels, height, width)")
        ->check(CLI::IsMember({"nhwc", "nchw"}))
        ->capture_default_str();
    app.add_option("--threads", arguments.threads, "CPU threads; 0: all cores. Affects speed only")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    if (!program::parse_arguments(app, argc, argv)) return false;
    if (arguments.grid.empty() && arguments.images.empty() && arguments.npy.empty())
        arguments.grid = "samples.png";
    if (io::file_type(arguments.file) == std::filesystem::file_type::directory)
        arguments.file /= "generator.safetensors";
    return true;
}

/// The generator named by --network, or else by the file's metadata. Errors: neither names one; unknown name.
const gan::AnyGenerator& find_generator(const std::vector<gan::AnyGenerator>& generators,
                                        const Safetensors& file, const Arguments& arguments) {
    const auto program = file.metadata.find("program"), recipe = file.metadata.find("--recipe");
    const bool named = program != file.metadata.end() && recipe != file.metadata.end();
    const std::string name = !arguments.network.empty() ? arguments.network
                             : named                    ? program->second + '/' + recipe->second
                                                        : "";
    const auto found = std::ranges::find(generators, name, &gan::AnyGenerator::name);
    if (found != generators.end()) return *found;
    std::string known;
    for (const auto& generator : generators) known += (known.empty() ? "" : ", ") + generator.name;
    fail("generate", arguments.file.string() +
                         (named ? " is of " + io::quoted(name) + ", which is not a known GAN"
                                : " does not name its generator: set --network") +
                         "; known are " + known);
}

/// Converts each image from (height, width, channels) to (channels, height, width).
std::vector<float> channels_first(std::span<const float> images, std::size_t pixels, std::size_t channels) {
    std::vector<float> result(images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
        const std::size_t inside = i % (pixels * channels), pixel = inside / channels,
                          channel = inside % channels;
        result[i - inside + channel * pixels + pixel] = images[i];
    }
    return result;
}

void make_folder(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) io::fail_file("create the folder", path, error.value());
}

std::vector<std::size_t> array_shape(const gan::AnyGenerator& generator, std::size_t count, bool nchw) {
    const auto height = static_cast<std::size_t>(generator.height),
               width = static_cast<std::size_t>(generator.width),
               channels = static_cast<std::size_t>(generator.channels);
    return nchw ? std::vector{count, channels, height, width} : std::vector{count, height, width, channels};
}

std::string file_name(std::size_t sample) {
    char name[40];
    std::snprintf(name, sizeof name, "sample-%06zu.png", sample);
    return name;
}

/// The latents of the samples: random ones, or paths between random ones.
std::vector<float> draw_latents(gan::Sampler& sampler, const Arguments& arguments) {
    const Seed seed{arguments.seed};
    if (arguments.interpolate == 0) return sampler.latents(static_cast<std::size_t>(arguments.count), seed);
    return gan::latent_path(
        sampler.latents(static_cast<std::size_t>(arguments.interpolate), seed), sampler.latent_size(),
        static_cast<std::size_t>(arguments.steps),
        arguments.path == "linear" ? gan::LatentPath::linear : gan::LatentPath::spherical);
}

void write_samples(gan::Sampler& sampler, const gan::AnyGenerator& generator, const Arguments& arguments) {
    const auto size = static_cast<std::size_t>(generator.height * generator.width * generator.channels);
    const auto channels = static_cast<std::size_t>(generator.channels);
    const auto image = [&](std::span<const float> images, int columns, int border, int scale) {
        return grid(images, generator.height, generator.width, generator.channels,
                    {.columns = columns, .border = border, .scale = scale, .range = generator.range});
    };

    const std::vector<float> latents = draw_latents(sampler, arguments);
    const std::size_t count = latents.size() / sampler.latent_size();

    const bool nchw = arguments.layout == "nchw";
    std::optional<io::NpyFile> array;
    if (!arguments.npy.empty()) array.emplace(arguments.npy, array_shape(generator, count, nchw));
    if (!arguments.images.empty()) make_folder(arguments.images);
    std::vector<float> sheet;
    constexpr std::size_t some = 64;
    for (std::size_t first = 0; first < count; first += some) {
        const std::size_t n = std::min(some, count - first);
        const auto images = sampler.images(
            std::span(latents).subspan(first * sampler.latent_size(), n * sampler.latent_size()));
        if (array) array->write(nchw ? channels_first(images, size / channels, channels) : images);
        for (std::size_t i = 0; i < n && !arguments.images.empty(); ++i)
            write_png(arguments.images / file_name(first + i),
                      image(std::span(images).subspan(i * size, size), 1, 0, 1));
        if (!arguments.grid.empty()) sheet.insert(sheet.end(), images.begin(), images.end());
    }
    if (array) array->commit();
    if (!arguments.grid.empty())
        write_png(arguments.grid, image(sheet, arguments.interpolate > 0 ? arguments.steps : 8, 2,
                                        generator.height < 48 ? 2 : 1));
    std::printf("%zu samples of %s\n", count, generator.name.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    return program::run_process("use a smaller --count", [&] {
        const std::vector<gan::AnyGenerator> generators = all_generators();
        Arguments arguments;
        if (!parse(arguments, generators, argc, argv)) return 0;
        Safetensors file = read_safetensors(arguments.file);
        const gan::AnyGenerator& generator = find_generator(generators, file, arguments);
        for (const std::string part : {"average", "generator"})  // of a checkpoint
            if (std::ranges::any_of(
                    file.tensors, [&](const auto& tensor) { return tensor.first.starts_with(part + '.'); })) {
                file = part_of(std::move(file), part, arguments.file.string());
                break;
            }
        write_samples(*generator.load(file, arguments.file.string(), arguments.threads), generator,
                      arguments);
        return 0;
    });
}
