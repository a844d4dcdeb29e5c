#pragma once
#include <gantry/io/picture.hpp>
#include <gantry/io/safetensors.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace gantry::gan {

/// What a run leaves behind:
///     samples-000500.png         what the generator made of the fixed latent points after 500 iterations
///     samples.gif                all of these, one after the other
///     losses.csv, losses.svg     both losses and mean outputs of the discriminator, for each iteration
///     checkpoint.safetensors     the newest checkpoint, and the one before it:
///     checkpoint-previous.safetensors
class RunFolder {
public:
    static constexpr const char* losses_header =
        "iteration,discriminator_loss,generator_loss,real_rating,fake_rating";

    explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path losses() const { return path_ / "losses.csv"; }
    std::filesystem::path plot() const { return path_ / "losses.svg"; }
    std::filesystem::path animation() const { return path_ / "samples.gif"; }
    std::filesystem::path samples(std::uint64_t iteration) const;

    /// Makes the folder. Errors: a checkpoint is in it already.
    void begin() const;

    bool has_checkpoint() const;
    /// Where the newest checkpoint is. Errors: there is none.
    std::filesystem::path newest_checkpoint() const;
    /// The newest checkpoint. Errors: there is none, or it is damaged.
    Safetensors load() const;
    /// At every moment there is a whole checkpoint in the folder, the old one or the new one.
    void save(const Safetensors& contents) const;

    void write_samples(std::uint64_t iteration, const Picture& picture) const;
    /// Iterations up to `last` that there is a picture of, in order.
    std::vector<std::uint64_t> pictures(std::uint64_t last) const;
    void write_animation(const std::vector<std::uint64_t>& iterations) const;
    void write_plot(const std::string& title) const;

private:
    std::filesystem::path checkpoint() const { return path_ / "checkpoint.safetensors"; }
    std::filesystem::path previous() const { return path_ / "checkpoint-previous.safetensors"; }

    std::filesystem::path path_;
};

}  // namespace gantry::gan
