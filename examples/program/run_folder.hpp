#pragma once
#include "folder_lock.hpp"
#include "metric.hpp"
#include <gantry/io/file.hpp>
#include <gantry/io/image.hpp>
#include <gantry/io/safetensors.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace gantry::program {

// clang-format off
/// The files of a run:
///     real.png                         images of the data
///     samples-000500.png               the networks' output after 500 iterations; for a generator, from the
///                                      fixed latent points. A program may use another name than "samples"
///     samples.gif                      all of these in sequence
///     losses.csv, losses.svg           losses and other metrics of each iteration
///     test.csv                         metrics on held-out data for each report, if there are any
///     generator.safetensors            a GAN's generator at the newest checkpoint, as PyTorch's state_dict
///     checkpoint.safetensors           the newest checkpoint
///     checkpoint-previous.safetensors  the one before it
///     .lock                            the process that is using the folder
// clang-format on
class RunFolder {
public:
    explicit RunFolder(const std::filesystem::path& path, std::string images = "samples")
        : name_(path.string()), path_(io::absolute(path)), images_(std::move(images)) {}

    /// The path as given, for messages.
    const std::string& name() const { return name_; }
    /// The same from the root: the process may change its folder during a run.
    const std::filesystem::path& path() const { return path_; }
    /// The path of one of its files, for messages.
    std::string name_of(const std::filesystem::path& file) const {
        return (std::filesystem::path(name_) / file.filename()).string();
    }
    /// Paths of the files listed above.
    std::filesystem::path real_images() const { return path_ / "real.png"; }
    std::filesystem::path losses() const { return path_ / "losses.csv"; }
    std::filesystem::path plot() const { return path_ / "losses.svg"; }
    std::filesystem::path test() const { return path_ / "test.csv"; }
    /// File of the network with this name.
    std::filesystem::path network(const std::string& name) const { return path_ / (name + ".safetensors"); }
    std::filesystem::path animation() const { return path_ / (images_ + ".gif"); }
    std::filesystem::path image(std::uint64_t iteration) const;

    /// Creates the folder and locks it for this process. Errors: it already holds a checkpoint, or another
    /// process is using it.
    FolderLock begin() const;
    /// Locks an existing folder for this process and cleans up after a killed one: completes its last save
    /// and removes its partial files. Errors: the folder does not exist, or another process is using it.
    FolderLock take_over() const;

    /// True if the folder holds a checkpoint: the newest, the previous, or one not yet moved into place.
    bool has_checkpoint() const;
    /// Path of the newest checkpoint. Errors: there is none.
    std::filesystem::path newest_checkpoint() const;
    /// Loads the newest checkpoint. Errors: there is none, or it is damaged.
    Safetensors load() const;
    /// Advice for an error message about an unusable newest checkpoint: whether the previous one is intact,
    /// and how to continue from it. Starts with "; ", or is empty if there is no previous one.
    std::string advice() const;
    /// Replaces the checkpoint. At every moment the folder holds a complete one, old or new.
    void save(const Safetensors& contents) const;

    /// Writes the image of an iteration.
    void write_image(std::uint64_t iteration, const io::Image& image) const;
    /// Iterations up to `last` that have an image, in order.
    std::vector<std::uint64_t> images(std::uint64_t last) const;
    /// Removes the image of an iteration, if it exists.
    void remove_image(std::uint64_t iteration) const;
    /// Writes the animation of the images of these iterations. Returns how many were left out, because their
    /// file is missing or damaged or their size differs from the first one's.
    std::size_t write_animation(const std::vector<std::uint64_t>& iterations) const;
    /// Plots the columns of losses.csv that have a colour. Returns false if losses.csv is missing or damaged.
    bool write_plot(const std::string& title, const std::vector<Metric>& metrics) const;

private:
    std::vector<std::filesystem::path> files() const;
    std::filesystem::path checkpoint() const { return path_ / "checkpoint.safetensors"; }
    std::filesystem::path previous() const { return path_ / "checkpoint-previous.safetensors"; }
    /// A complete checkpoint that has not been moved into place yet.
    std::filesystem::path fresh() const { return path_ / "checkpoint-new.safetensors"; }
    void put_fresh_in_place() const;

    std::string name_;
    std::filesystem::path path_;
    std::string images_;
};

}  // namespace gantry::program
