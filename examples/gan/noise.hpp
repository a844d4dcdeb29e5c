#pragma once
#include <gantry/core/random.hpp>
#include <gantry/tensor/tensor.hpp>

#include <numbers>

namespace gantry::gan {

/// Distribution of latent points; mean 0 and variance 1 in both cases.
enum class Noise {
    normal,
    uniform,  ///< in [-sqrt(3), sqrt(3)), as in Goodfellow's code
};

/// Draws `count` points of shape Latent from a stream.
template <class Latent, class T, class D>
auto latent_points(D& device, int count, Noise noise, RandomStream& stream) {
    constexpr double bound = std::numbers::sqrt3;
    return noise == Noise::normal ? normal<Latent, T>(device, count, stream)
                                  : uniform<Latent, T>(device, count, stream, -bound, bound);
}

}  // namespace gantry::gan
