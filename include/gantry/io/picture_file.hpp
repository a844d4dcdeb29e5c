#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/file.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace gantry::detail {

/// A picture's file as it is. Refuses one of more than 1 GiB.
inline std::vector<std::byte> read_encoded_picture(std::string_view where,
                                                   const std::filesystem::path& path) {
    File file(path, File::Mode::read);
    const std::size_t size = file.size();
    if (size > std::size_t{1} << 30)
        fail(where, path.string() + " must have at most 2^30 bytes; make it smaller", size);
    std::vector<std::byte> encoded(size);
    file.read(encoded);
    return encoded;
}

/// Throws if a picture whose header claims these sides is too large: before memory is taken for its pixels.
inline void check_decoded_size(std::string_view where, const std::filesystem::path& path,
                               std::uint64_t height, std::uint64_t width) {
    if (height > 65535 || width > 65535 || height * width > std::uint64_t{1} << 27)
        fail(where,
             path.string() + " must have sides of at most 65535 and at most 2^27 pixels; make it smaller",
             height, " x ", width);
}

}  // namespace gantry::detail
