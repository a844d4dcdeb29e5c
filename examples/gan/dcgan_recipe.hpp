#pragma once
#include "recipe.hpp"
#include <gantry/optim/adam.hpp>

namespace gantry::gan {

/// Common base of DCGAN recipes: the initialisation and optimizers of Radford et al. (2015), section 4.
template <class Networks>
struct DcganRecipe {
    using Generator = typename Networks::Generator;
    using Discriminator = typename Networks::Discriminator;

    static void initialize(auto& generator, auto& discriminator, const Images&, RandomStream& stream) {
        initialize_dcgan(generator, stream);
        initialize_dcgan(discriminator, stream);
    }
    static constexpr AdamOptions adam{.learning_rate = 2e-4, .beta1 = 0.5};
    static auto generator_optimizer(auto& network) { return Adam(network, adam); }
    static auto discriminator_optimizer(auto& network) { return Adam(network, adam); }
};

}  // namespace gantry::gan
