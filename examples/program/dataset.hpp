#pragma once
#include "options.hpp"
#include <gantry/core/images.hpp>

#include <functional>
#include <string>

namespace gantry::program {

/// Where a program's pictures come from. (The loaders are compiled once, in source.cpp.)
struct Dataset {
    std::string contents;        ///< what must be in the folder: the help of --data
    std::string folder{};        ///< --data where the user says nothing; empty: the user must
    bool has_classes = false;    ///< offers --classes
    bool may_be_broken = false;  ///< offers --skip-broken
    /// Loads what the options say. Errors: see the loaders in gantry/data/.
    std::function<LabelledImages(const Options&, Split)> load{};
};

/// What a run is trained or measured on, in a line that other images or labels do not have.
std::string data_text(const LabelledImages& data);

/// MNIST, or another data set with its file names; by default Fashion-MNIST as Debian has it.
Dataset mnist();
/// CIFAR-10's binary version, all classes or some.
Dataset cifar10();
/// A folder of the user's own pictures, brought to this size, without labels.
Dataset picture_folder(int height, int width);

}  // namespace gantry::program
