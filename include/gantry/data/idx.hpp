#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/images.hpp>
#include <gantry/io/gzip_reader.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gantry {

namespace detail {

/// An IDX file of unsigned bytes with `Rank` extents.
template <std::size_t Rank>
struct Idx {
    std::array<std::uint32_t, Rank> extents{};
    std::vector<std::uint8_t> bytes;  ///< the values, row-major
};

inline std::uint32_t big_endian(std::span<const std::uint8_t, 4> bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
           bytes[3];
}

/// Reads an IDX file (http://yann.lecun.com/exdb/mnist, "the IDX file format"): two zero bytes, the value
/// type (8: unsigned byte), the number of extents, the extents (32 bits each, big-endian), the values.
template <std::size_t Rank>
Idx<Rank> read_idx(std::string_view where, const std::filesystem::path& path, std::string_view meaning) {
    io::GzipReader file(path);
    const std::string name = path.string();

    std::array<std::uint8_t, 4> magic{};
    if (file.read(magic) < magic.size() || magic[0] != 0 || magic[1] != 0)
        fail(where, name + " is not an IDX file: its first two bytes must be zero");
    if (magic[2] != 8) fail(where, name + " must hold unsigned bytes, IDX type 8", "type ", int{magic[2]});
    if (magic[3] != Rank)
        fail(where, name + " must have " + std::to_string(Rank) + " extents (" + std::string(meaning) + ")",
             int{magic[3]},
             magic[3] == 1   ? ", as labels have"
             : magic[3] == 3 ? ", as images have"
                             : "");

    Idx<Rank> idx;
    std::array<std::uint8_t, 4 * Rank> header{};
    if (file.read(header) < header.size()) fail(where, name + " is truncated: it ends in its header");
    std::uint64_t total = 1;
    for (std::size_t i = 0; i < Rank; ++i) {
        idx.extents[i] = big_endian(std::span(header).subspan(4 * i).template first<4>());
        if (idx.extents[i] == 0)
            fail(where, name + " is empty: each of (" + std::string(meaning) + ") must be positive");
        // Keeps the product of three extents below 2^62.
        constexpr std::uint32_t largest_side = 1u << 15;
        if (i > 0 && idx.extents[i] > largest_side)
            fail(where, name + " must have images of at most 32768 x 32768 pixels", idx.extents[i]);
        total *= idx.extents[i];
    }

    // The header is not trusted: memory grows with the bytes that have been read.
    constexpr std::uint64_t first_piece = 1u << 20;
    while (idx.bytes.size() < total) {
        const std::size_t have = idx.bytes.size();
        const std::size_t piece = std::min(total - have, std::max<std::uint64_t>(have, first_piece));
        idx.bytes.reserve(have + piece);
        idx.bytes.resize(have + piece);
        const std::size_t got = file.read(std::span(idx.bytes).subspan(have));
        if (got < piece)
            fail(where, name + " is truncated: its header declares " + std::to_string(total) + " values",
                 have + got);
    }
    std::array<std::uint8_t, 1> rest{};
    if (file.read(rest) != 0)
        fail(where, name + " is too long: its header declares " + std::to_string(total) + " values", "more");
    return idx;
}

}  // namespace detail

namespace io {
/// Reads an IDX file of grey images, plain or gzip: unsigned bytes, extents (count, height, width) -> Images
/// with 1 channel. Errors: a file that is missing, damaged, truncated, too long, empty, or of another type.
inline Images read_idx_images(const std::filesystem::path& path) {
    auto idx = detail::read_idx<3>("read_idx_images", path, "count, height, width");
    return {idx.extents[0], static_cast<int>(idx.extents[1]), static_cast<int>(idx.extents[2]), 1,
            std::move(idx.bytes)};
}

/// Reads an IDX file of labels, plain or gzip: unsigned bytes, one extent. Errors: as read_idx_images.
inline std::vector<std::int32_t> read_idx_labels(const std::filesystem::path& path) {
    const auto bytes = detail::read_idx<1>("read_idx_labels", path, "count").bytes;
    return {bytes.begin(), bytes.end()};
}
}  // namespace io

}  // namespace gantry
