#include "source.hpp"

#include <gantry/core/error.hpp>
#include <gantry/data/cifar10.hpp>
#include <gantry/data/mnist.hpp>
#include <gantry/data/picture_folder.hpp>
#include <gantry/io/csv.hpp>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gantry::gan {
namespace {

/// "Data: 812 pictures in photos; 3 were left out, since they cannot be read; ..."
void print_contents(const PictureFolder& folder, const std::string& name) {
    std::string text = "Data: " + std::to_string(folder.paths.size()) + " pictures in " + name;
    if (!folder.broken.empty()) text += "; " + std::to_string(folder.broken.size()) + " broken ones left out";
    if (!folder.other_formats.empty())
        text +=
            "; not read, since they are neither PNG nor JPEG: " + detail::list_formats(folder.other_formats) +
            " (convert them)";
    std::printf("%s\n", detail::printable(text).c_str());
}

}  // namespace

Source mnist() {
    return {.contents = "Folder with MNIST's IDX files, or others of their names",
            .folder = "/usr/share/datasets/fashion-mnist",
            .load = [](const Options& options, Split split) { return load_mnist(options.data, split); }};
}

Source cifar10() {
    return {.contents = "Folder with CIFAR-10's binary files, data_batch_1.bin and so on",
            .has_classes = true,
            .load = [](const Options& options, Split split) {
                std::vector<std::string> classes;  // none: all
                if (options.classes != "all")
                    for (std::string_view rest = options.classes; !rest.empty();)
                        classes.emplace_back(detail::take_field(rest, ','));
                return load_cifar10(options.data, split, classes);
            }};
}

Source picture_folder(int height, int width) {
    return {.contents = "Folder with your pictures, PNG or JPEG of any size",
            .may_be_broken = true,
            .load = [height, width](const Options& options, Split) {
                PictureFolder folder = load_picture_folder(
                    options.data, {.height = height, .width = width, .skip_broken = true});
                for (const PictureFolder::Broken& picture : folder.broken)
                    std::fprintf(stderr, "%s\n", picture.reason.c_str());
                if (!folder.broken.empty() && !options.skip_broken)
                    fail("data", std::to_string(folder.broken.size()) + " of " +
                                     std::to_string(folder.broken.size() + folder.paths.size()) +
                                     " pictures in " + options.data +
                                     " cannot be read: mend them, or leave them out by --skip-broken");
                print_contents(folder, options.data);
                return LabelledImages{std::move(folder.images), {}};
            }};
}

}  // namespace gantry::gan
