#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/images.hpp>
#include <gantry/data/idx.hpp>
#include <gantry/io/file.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

namespace gantry {

namespace detail {
/// Path of an MNIST file under any of its common names. Errors: there is none.
inline std::filesystem::path find_mnist_file(const std::filesystem::path& folder, const std::string& contents,
                                             const std::string& extents) {
    for (const std::string separator : {"-", "."})
        for (const std::string ending : {"", ".gz"}) {
            const auto path = folder / (contents + separator + extents + "-ubyte" + ending);
            if (io::file_type(path) == std::filesystem::file_type::regular) return path;
        }
    fail("load_mnist", "no " + contents + "-" + extents + "-ubyte (nor with .gz, nor " + contents + "." +
                           extents + "-ubyte) in " + folder.string() +
                           ": install Debian's dataset-fashion-mnist or give --data FOLDER");
}
}  // namespace detail

/// Loads MNIST, or another data set with its file names (Fashion-MNIST, KMNIST), from a folder with the IDX
/// files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-...`, plain or `.gz`; a dot instead of
/// the hyphen before `idx` is accepted. Images have 1 channel, labels are 0 to 9. Errors: a missing or
/// damaged folder or file; images and labels of different counts; labels above 9.
inline LabelledImages load_mnist(const std::filesystem::path& folder, Split split) {
    if (io::file_type(folder) != std::filesystem::file_type::directory)
        fail("load_mnist", "no folder " + folder.string() +
                               ": install Debian's dataset-fashion-mnist or give --data FOLDER");
    const std::string part = split == Split::train ? "train" : "t10k";
    const auto image_file = detail::find_mnist_file(folder, part + "-images", "idx3");
    const auto label_file = detail::find_mnist_file(folder, part + "-labels", "idx1");

    LabelledImages data{io::read_idx_images(image_file), io::read_idx_labels(label_file)};
    if (data.images.count != data.labels.size())
        fail("load_mnist", image_file.string() + " and " + label_file.string() + " must have the same count",
             data.images.count, " images and ", data.labels.size(), " labels");
    const int largest = *std::max_element(data.labels.begin(), data.labels.end());
    if (largest > 9) fail("load_mnist", label_file.string() + " must have labels from 0 to 9", largest);
    return data;
}

}  // namespace gantry
