#pragma once
#include <gantry/core/compiler.hpp>

#include <string_view>

namespace gantry {

/// The version of gantry; CMakeLists.txt reads it here.
inline constexpr std::string_view version = "0.1.0";

}  // namespace gantry
