#pragma once
#include <gantry/core/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gantry::contracts {

/// For the CPU devices. Errors: an index outside [0, below).
inline void check_indices(std::string_view op, const std::int32_t* index, std::size_t count,
                          std::size_t below) {
    const auto* const wrong = std::find_if(
        index, index + count, [&](std::int32_t i) { return i < 0 || static_cast<std::size_t>(i) >= below; });
    if (wrong != index + count)
        fail(op, "every index must be at least 0 and less than the number of classes or rows", *wrong, " of ",
             below);
}

}  // namespace gantry::contracts
