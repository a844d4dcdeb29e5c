#pragma once
#include <gantry/core/options.hpp>

// Windows of convolutions that several networks share.

namespace gantry::networks {

/// Halves an image or, in a transposed convolution, doubles it.
inline constexpr Conv2dOptions by_two{.size = 4, .stride = 2, .padding = 1};
/// The same without a bias: for a convolution with a batch norm after it.
inline constexpr Conv2dOptions by_two_no_bias{.size = 4, .stride = 2, .padding = 1, .bias = false};

}  // namespace gantry::networks
