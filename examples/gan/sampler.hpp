#pragma once
#include "noise.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/core/pixel_range.hpp>
#include <gantry/cpu/cpu.hpp>
#include <gantry/network/network.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gantry::gan {

/// A trained generator in evaluation mode, without its type.
class Sampler {
public:
    virtual ~Sampler() = default;
    /// The first `count` latent points drawn with a seed: (count, latent_size).
    virtual std::vector<float> latents(std::size_t count, Seed seed) = 0;
    /// Generates images from latent points: (count, height, width, channels).
    virtual std::vector<float> images(std::span<const float> latents) = 0;
    /// Values per latent point.
    virtual std::size_t latent_size() const = 0;
};

/// A generator of examples/, for programs that draw samples.
struct AnyGenerator {
    std::string name;  ///< "gan_mnist_mlp/fluxgan": program and recipe
    int height, width, channels;
    PixelRange range;
    /// Loads the weights. Errors: the file does not fit the generator; messages name `source`.
    std::function<std::unique_ptr<Sampler>(const Safetensors& file, const std::string& source, int threads)>
        load;
};

/// The generator of a recipe on the CPU, with weights loaded from a file.
template <class Recipe>
class RecipeSampler final : public Sampler {
public:
    RecipeSampler(const Safetensors& file, const std::string& source, int threads)
        : device_({.threads = threads}) {
        CheckpointReader reader(file, source);
        reader.network("", network_);
        reader.apply();
    }
    std::vector<float> latents(std::size_t count, Seed seed) override {
        constexpr int some = 64;
        RandomStream stream(seed, "latent points of samples");
        std::vector<float> all;
        // Always draws the same number at a time, so that a point does not depend on `count`.
        while (all.size() < count * latent_size()) {
            const Step step{device_};
            const auto next =
                latent_points<Latent, float>(device_, some, Recipe::settings.noise, stream).to_host();
            all.insert(all.end(), next.begin(), next.end());
        }
        all.resize(count * latent_size());
        return all;
    }
    std::vector<float> images(std::span<const float> latents) override {
        const Step step{device_};
        const auto z =
            from_host<Latent>(device_, static_cast<int>(latents.size() / Latent::sample_size), latents);
        return evaluation(network_)(z).to_host();
    }
    std::size_t latent_size() const override { return Latent::sample_size; }

private:
    using Latent = typename Recipe::Generator::Input;

    Cpu device_;
    Network<typename Recipe::Generator, Cpu> network_{device_, Seed{}};
};

/// Appends the generators of a program's recipes, for images of this size, to a list.
template <class... Recipes>
void add_generators(std::vector<AnyGenerator>& list, const std::string& program, int height, int width,
                    int channels) {
    (list.push_back(
         {program + '/' + std::string(Recipes::name), height, width, channels, Recipes::settings.range,
          [](const Safetensors& file, const std::string& source, int threads) -> std::unique_ptr<Sampler> {
              return std::make_unique<RecipeSampler<Recipes>>(file, source, threads);
          }}),
     ...);
}

}  // namespace gantry::gan
