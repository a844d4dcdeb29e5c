#pragma once
#include <cstddef>

// Implemented in a file that is compiled for the least of the architecture's instruction sets.
namespace narrow {

/// Lanes of a vector of floats, and whether 4 channels fill the columns of a tile, which only vectors of 4
/// do.
std::size_t lanes();
bool four_channels_fill();
/// The first weight of a network after ten updates.
float trained_weight();

}  // namespace narrow
