#include "dataset.hpp"

#include "print.hpp"
#include <gantry/core/error.hpp>
#include <gantry/data/cifar10.hpp>
#include <gantry/data/image_folder.hpp>
#include <gantry/data/mnist.hpp>
#include <gantry/io/csv.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zlib.h>

namespace gantry::program {
namespace {

/// Prints which files of a folder are not among the images, if any: "Skipped: 3 broken images, ...".
void print_left_out(const ImageFolder& folder) {
    std::string text;
    if (!folder.broken.empty()) text += std::to_string(folder.broken.size()) + " broken images";
    if (!folder.other_formats.empty())
        text += (text.empty() ? "" : ", and ") + io::list_formats(folder.other_formats) +
                ", which are neither PNG nor JPEG: convert them";
    if (!text.empty()) print_line("Skipped: " + text);
}

/// Extends the CRC-32 `before` by the bytes of more values.
template <class T>
uLong checksum(uLong before, const std::vector<T>& values) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(values.data());
    return values.empty() ? before : crc32_z(before, bytes, values.size() * sizeof(T));
}

}  // namespace

std::string data_text(const LabelledImages& data) {
    const Images& images = data.images;
    return std::to_string(images.count) + " images of " + std::to_string(images.height) + " x " +
           std::to_string(images.width) + " x " + std::to_string(images.channels) + ", " +
           std::to_string(data.labels.size()) + " labels, CRC-32 " +
           std::to_string(checksum(checksum(0, images.pixels), data.labels));
}

Dataset mnist() {
    return {.contents = "Folder with MNIST's IDX files, or files with the same names",
            .folder = "/usr/share/datasets/fashion-mnist",
            .load = [](const Options& options, Split split) { return load_mnist(options.data, split); }};
}

Dataset cifar10() {
    return {.contents = "Folder with CIFAR-10's binary files, data_batch_1.bin and so on",
            .has_classes = true,
            .load = [](const Options& options, Split split) {
                std::vector<std::string> classes;  // none: all
                if (options.classes != "all")
                    for (std::string_view rest = options.classes; !rest.empty();)
                        classes.emplace_back(io::take_field(rest, ','));
                return load_cifar10(options.data, split, classes);
            }};
}

Dataset image_folder(int height, int width) {
    return {.contents = "Folder with PNG and JPEG files of any size",
            .may_be_broken = true,
            .load = [height, width](const Options& options, Split) {
                ImageFolder folder =
                    load_image_folder(options.data, {.height = height, .width = width, .skip_broken = true});
                for (const ImageFolder::Broken& image : folder.broken) print_line(image.reason, stderr);
                if (!folder.broken.empty() && !options.skip_broken)
                    fail("data", std::to_string(folder.broken.size()) + " of " +
                                     std::to_string(folder.broken.size() + folder.paths.size()) +
                                     " images in " + options.data +
                                     " cannot be read: repair them, or skip them with --skip-broken");
                print_left_out(folder);
                return LabelledImages{std::move(folder.images), {}};
            }};
}

}  // namespace gantry::program
