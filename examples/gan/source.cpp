#include "source.hpp"

#include <gantry/data/cifar10.hpp>
#include <gantry/data/mnist.hpp>
#include <gantry/data/picture_folder.hpp>
#include <gantry/io/csv.hpp>

#include <string_view>
#include <vector>

namespace gantry::gan {

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
    return {
        .contents = "Folder with your pictures, PNG or JPEG of any size",
        .load = [height, width](const Options& options, Split) {
            return LabelledImages{load_picture_folder(options.data, {.height = height, .width = width}), {}};
        }};
}

}  // namespace gantry::gan
