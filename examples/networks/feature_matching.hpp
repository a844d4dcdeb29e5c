#pragma once
#include "networks/windows.hpp"
#include <gantry/gantry.hpp>

// Salimans et al., "Improved techniques for training GANs" (2016), section 3.1: the generator matches the
// mean features of generated images to those of real ones, so the discriminator returns features and logits.

namespace gantry::networks {

/// What the discriminator returns.
template <class Features, class Logits>
struct FeaturesAndLogits {
    Features features;
    Logits logits;
};
/// Images -> features Shape<Batch, 2c> and logits Shape<Batch, 1>.
template <int c>
struct FeatureDiscriminator {
    using Input = Shape<Batch, 16, 16, 3>;

    Sequential<Conv2d<3, c, by_two>, LeakyReLU<0.2>, Conv2d<c, 2 * c, by_two>, BatchNorm<2 * c>,
               LeakyReLU<0.2>, GlobalAvgPool2d>
        body;
    Dense<2 * c, 1> head;

    auto operator()(const auto& image) const {
        const auto features = body(image);
        return FeaturesAndLogits{features, head(features)};
    }
};

/// | mean of the features of real images - mean of those of generated ones |^2
auto feature_matching(const auto& real, const auto& generated) {
    return sum(square(mean_over<0>(real) - mean_over<0>(generated)));
}

}  // namespace gantry::networks
