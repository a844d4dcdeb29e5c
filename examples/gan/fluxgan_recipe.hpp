#pragma once
#include "recipe.hpp"
#include <gantry/gantry.hpp>

#include <string_view>

namespace gantry::gan {

/// Common base of the recipes of FluxGAN.jl: Flux's initialisation and optimistic Adam.
template <class Networks>
struct FluxGanRecipe {
    static constexpr std::string_view name = "fluxgan";
    using Generator = typename Networks::Generator;
    using Discriminator = typename Networks::Discriminator;

    static void initialize(auto& generator, auto& discriminator, const Images&, RandomStream& stream) {
        gantry::initialize(generator, Role::weight, GlorotUniform{}, stream);
        gantry::initialize(discriminator, Role::weight, GlorotUniform{}, stream);
        gantry::initialize(generator, Role::bias, Constant{0}, stream);
        gantry::initialize(discriminator, Role::bias, Constant{0}, stream);
    }
    /// The learning rate differs between FluxGAN.jl's data sets, so `Networks` defines it.
    static constexpr AdamOptions adam{.learning_rate = Networks::learning_rate, .beta1 = 0.5, .beta2 = 0.9};
    static auto generator_optimizer(auto& network) { return OptimisticAdam(network, adam); }
    static auto discriminator_optimizer(auto& network) { return OptimisticAdam(network, adam); }
};

/// The six animal classes of CIFAR-10 that FluxGAN.jl trains on.
inline constexpr std::string_view animals = "bird,cat,deer,dog,frog,horse";

}  // namespace gantry::gan
