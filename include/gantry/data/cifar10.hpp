#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/images.hpp>
#include <gantry/io/file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gantry {

namespace io {
/// Class names of CIFAR-10, indexed by label.
inline constexpr std::array<std::string_view, 10> cifar10_classes{
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
}  // namespace io

namespace detail {

using Cifar10Wanted = std::array<bool, io::cifar10_classes.size()>;

/// True for the labels of the named classes; for all labels if `classes` is empty. Errors: an unknown class.
inline Cifar10Wanted cifar10_wanted(const std::vector<std::string>& classes) {
    Cifar10Wanted wanted{};
    wanted.fill(classes.empty());
    for (const std::string& name : classes) {
        const auto found = std::find(io::cifar10_classes.begin(), io::cifar10_classes.end(), name);
        if (found == io::cifar10_classes.end()) {
            std::string names;
            for (const auto known : io::cifar10_classes)
                names.append(names.empty() ? "" : ", ").append(known);
            fail("load_cifar10", "a class must be one of " + names, name);
        }
        wanted[static_cast<std::size_t>(found - io::cifar10_classes.begin())] = true;
    }
    return wanted;
}

/// Appends the images with wanted labels from one file of 3073-byte records: the label, then the red, green
/// and blue planes of 32 x 32 each (https://www.cs.toronto.edu/~kriz/cifar.html, "binary version").
inline void append_cifar10_file(const std::filesystem::path& path, const Cifar10Wanted& wanted,
                                LabelledImages& data) {
    constexpr std::size_t plane = 32 * 32, record = 1 + 3 * plane;
    constexpr std::size_t most_records = 100'000;  // the official files have 10,000
    io::File file(path, io::File::Mode::read);
    const std::size_t bytes = file.size();
    if (bytes == 0 || bytes % record != 0 || bytes / record > most_records)
        fail("load_cifar10",
             path.string() + " must hold from 1 to 100000 records of 3073 bytes, as the files of " +
                 "cifar-10-binary.tar.gz do: download it again",
             bytes, " bytes");

    std::array<std::uint8_t, record> one;
    for (std::size_t i = 0; i < bytes / record; ++i) {
        file.read(std::as_writable_bytes(std::span(one)));
        const std::uint8_t label = one[0];
        if (label >= wanted.size())
            fail("load_cifar10", path.string() + " must have labels from 0 to 9: download it again",
                 int{label}, " in record ", i);
        if (!wanted[label]) continue;
        data.labels.push_back(label);
        for (std::size_t pixel = 1; pixel <= plane; ++pixel)
            for (const std::size_t channel : {0, 1, 2})
                data.images.pixels.push_back(one[pixel + channel * plane]);
    }
}

}  // namespace detail

/// Loads CIFAR-10 in its binary version: `data_batch_1.bin` to `data_batch_5.bin` (those that exist) or
/// `test_batch.bin`, from `folder` or from its subfolder `cifar-10-batches-bin`. Images are (32, 32, 3),
/// labels 0 to 9. `classes`, such as `{"bird", "cat"}`, selects the images of these classes; they keep their
/// labels. Errors: a missing or damaged folder or file; an unknown class; no image left.
inline LabelledImages load_cifar10(const std::filesystem::path& folder, Split split,
                                   const std::vector<std::string>& classes = {}) {
    const auto wanted = detail::cifar10_wanted(classes);
    const std::vector<std::string> names =
        split == Split::train
            ? std::vector<std::string>{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                       "data_batch_4.bin", "data_batch_5.bin"}
            : std::vector<std::string>{"test_batch.bin"};
    LabelledImages data{{0, 32, 32, 3, {}}, {}};
    for (const auto& place : {folder, folder / "cifar-10-batches-bin"}) {
        bool found = false;
        for (const std::string& name : names)
            if (io::exists(place / name)) {
                detail::append_cifar10_file(place / name, wanted, data);
                found = true;
            }
        if (!found) continue;
        if (data.labels.empty())
            fail("load_cifar10", "no image of the selected classes in " + place.string() + ": select others");
        data.images.count = data.labels.size();
        return data;
    }
    fail("load_cifar10",
         "no " + names[0] + " in " + folder.string() +
             (split == Split::train ? " (nor another of data_batch_1.bin to data_batch_5.bin)" : "") +
             ": unpack cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html " +
             "and give --data FOLDER");
}

}  // namespace gantry
