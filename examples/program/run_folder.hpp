#pragma once
#include "folder_lock.hpp"
#include "metric.hpp"
#include <gantry/io/picture.hpp>
#include <gantry/io/safetensors.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace gantry::program {

/// What a run leaves behind:
///     real.png                   pictures of the data
///     samples-000500.png         a picture of what the networks did after 500 iterations; a generator's of
///                                the fixed latent points. A program may have another name for it
///     samples.gif                all of these, one after the other
///     losses.csv, losses.svg     losses and other metrics of each iteration
///     test.csv                   metrics of each report, on data that are not trained on, if there are any
///     generator.safetensors      a GAN's generator as it was at the newest checkpoint, as PyTorch's
///     state_dict checkpoint.safetensors     the newest checkpoint, and the one before it:
///     checkpoint-previous.safetensors
///     .lock                      the process that is at work in it
class RunFolder {
public:
    explicit RunFolder(std::filesystem::path path, std::string pictures = "samples")
        : path_(std::move(path)), pictures_(std::move(pictures)) {}

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path real_pictures() const { return path_ / "real.png"; }
    std::filesystem::path losses() const { return path_ / "losses.csv"; }
    std::filesystem::path plot() const { return path_ / "losses.svg"; }
    std::filesystem::path test() const { return path_ / "test.csv"; }
    /// Of the network with this name.
    std::filesystem::path network(const std::string& name) const { return path_ / (name + ".safetensors"); }
    std::filesystem::path animation() const { return path_ / (pictures_ + ".gif"); }
    std::filesystem::path picture(std::uint64_t iteration) const;

    /// Makes the folder, and keeps it to this process. Errors: a checkpoint is in it already, or another
    /// process at work.
    FolderLock begin() const;
    /// Keeps the folder to this process, and clears up after one that was killed: completes its last save,
    /// removes files that it did not end. Errors: there is no such folder, or another process at work in it.
    FolderLock take_over() const;

    bool has_checkpoint() const;
    /// Where the newest checkpoint is. Errors: there is none.
    std::filesystem::path newest_checkpoint() const;
    /// The newest checkpoint. Errors: there is none, or it is damaged.
    Safetensors load() const;
    /// What to say of a newest checkpoint that cannot be used: whether the one before it is whole, and how to
    /// go on from there. Begins with "; ", or is empty if there is none before it.
    std::string advice() const;
    /// At every moment there is a whole checkpoint in the folder, the old one or the new one.
    void save(const Safetensors& contents) const;

    void write_picture(std::uint64_t iteration, const Picture& picture) const;
    /// Iterations up to `last` that there is a picture of, in order.
    std::vector<std::uint64_t> pictures(std::uint64_t last) const;
    void remove_picture(std::uint64_t iteration) const;
    /// Of the pictures of these iterations. Returns how many of them are no longer there, or no pictures of
    /// the first one's size.
    std::size_t write_animation(const std::vector<std::uint64_t>& iterations) const;
    /// Plots those columns of losses.csv that have a colour. Returns false if losses.csv is not there.
    bool write_plot(const std::string& title, const std::vector<Metric>& metrics) const;

private:
    std::vector<std::filesystem::path> files() const;
    std::filesystem::path checkpoint() const { return path_ / "checkpoint.safetensors"; }
    std::filesystem::path previous() const { return path_ / "checkpoint-previous.safetensors"; }
    /// A checkpoint that is whole and has not got its place yet.
    std::filesystem::path fresh() const { return path_ / "checkpoint-new.safetensors"; }
    void put_fresh_in_place() const;

    std::filesystem::path path_;
    std::string pictures_;
};

}  // namespace gantry::program
