#pragma once
#include "options.hpp"
#include <gantry/core/images.hpp>

#include <functional>
#include <string>

namespace gantry::program {

/// A data set that a program can train on. (The loaders are compiled once, in dataset.cpp.)
struct Dataset {
    std::string contents;        ///< required contents of the folder, for the help of --data
    std::string folder{};        ///< default of --data; empty: the option is required
    bool has_classes = false;    ///< adds the option --classes
    bool may_be_broken = false;  ///< adds the option --skip-broken
    /// Loads the split that the options select. Errors: see the loaders in gantry/data/.
    std::function<LabelledImages(const Options&, Split)> load{};
};

/// Identifies the data of a run: a line that differs for any other images or labels.
std::string data_text(const LabelledImages& data);

/// MNIST, or a data set with the same file names. Default folder: Fashion-MNIST as packaged by Debian.
Dataset mnist();
/// The binary version of CIFAR-10, all classes or a selection.
Dataset cifar10();
/// A folder of the user's own image files, resized to height x width, without labels.
Dataset image_folder(int height, int width);

}  // namespace gantry::program
