#pragma once
#include <gantry/core/error.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The contents of a safetensors file. safetensors_file.hpp reads and writes files; it is separate because its
// JSON parser takes longer to compile than all of this.

namespace gantry {

namespace io {
/// A tensor in a safetensors file.
struct TensorEntry {
    std::string dtype;               ///< "F32", "F64", "I64", "U8", "U64", ...
    std::vector<std::size_t> shape;  ///< empty: a scalar
    std::vector<std::byte> data;     ///< the values, row-major, little-endian

    bool operator==(const TensorEntry&) const = default;
};
}  // namespace io

/// The contents of a safetensors file.
struct Safetensors {
    std::map<std::string, io::TensorEntry> tensors;  ///< by name
    std::map<std::string, std::string> metadata;     ///< by key

    bool operator==(const Safetensors&) const = default;
};

namespace io {
static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

/// Size of a dtype in bytes, or 0 if it is unknown.
inline std::size_t dtype_size(std::string_view dtype) {
    constexpr std::array<std::pair<std::string_view, std::size_t>, 13> sizes{{{"F64", 8},
                                                                              {"I64", 8},
                                                                              {"U64", 8},
                                                                              {"F32", 4},
                                                                              {"I32", 4},
                                                                              {"U32", 4},
                                                                              {"F16", 2},
                                                                              {"BF16", 2},
                                                                              {"I16", 2},
                                                                              {"U16", 2},
                                                                              {"I8", 1},
                                                                              {"U8", 1},
                                                                              {"BOOL", 1}}};
    for (const auto& [name, size] : sizes)
        if (name == dtype) return size;
    return 0;
}

/// The format's name of a type.
template <class T>
constexpr std::string_view dtype_name() {
    if constexpr (std::same_as<T, float>)
        return "F32";
    else if constexpr (std::same_as<T, double>)
        return "F64";
    else if constexpr (std::same_as<T, std::int64_t>)
        return "I64";
    else if constexpr (std::same_as<T, std::uint64_t>)
        return "U64";
    else {
        static_assert(std::same_as<T, std::uint8_t>,
                      "float, double, std::int64_t, std::uint64_t or std::uint8_t");
        return "U8";
    }
}

/// Size of a tensor in bytes, or nothing if the dtype is unknown or the size overflows.
inline std::optional<std::size_t> tensor_bytes(std::string_view dtype, std::span<const std::size_t> shape) {
    std::size_t bytes = dtype_size(dtype);
    if (bytes == 0) return std::nullopt;
    // An empty tensor has no bytes, even where the product of its other extents would overflow.
    if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end()) return 0;
    for (const std::size_t extent : shape) {
        if (bytes > std::numeric_limits<std::size_t>::max() / extent) return std::nullopt;
        bytes *= extent;
    }
    return bytes;
}

/// A name from a file, quoted for a message: one line, ASCII, at most 100 characters before escaping.
inline std::string quoted(const std::string& name) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\"";
    for (const char letter : name.substr(0, 100)) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte >= ' ' && byte <= '~' && letter != '"' && letter != '\\')
            text += letter;
        else
            text.append("\\x").append(1, digits[byte / 16]).append(1, digits[byte % 16]);
    }
    return text + '"';
}

/// Text for a message about a tensor of an unknown dtype.
inline std::string unsupported(const std::string& dtype) {
    return "the unsupported type " + quoted(dtype) + ": convert it first, in PyTorch with tensor.float()";
}

/// A TensorEntry from row-major values of float, double, std::int64_t, std::uint64_t or std::uint8_t. Errors:
/// a number of values other than the shape's.
template <std::ranges::contiguous_range Values>
TensorEntry make_entry(std::vector<std::size_t> shape, const Values& values) {
    const auto bytes = std::as_bytes(std::span(values));
    TensorEntry entry{std::string(dtype_name<std::ranges::range_value_t<Values>>()),
                      std::move(shape),
                      {bytes.begin(), bytes.end()}};
    if (tensor_bytes(entry.dtype, entry.shape) != entry.data.size())
        fail("make_entry", "the number of values must match the shape", std::ranges::size(values));
    return entry;
}

/// True if the dtype converts exactly to a wider T.
template <class T>
bool is_widened(std::string_view dtype) {
    if constexpr (std::floating_point<T>)
        return dtype == "F16" || dtype == "BF16" || (dtype == "F32" && std::same_as<T, double>);
    return false;
}

/// Converts from IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits.
inline float from_half(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float size = exponent == 0   ? std::ldexp(static_cast<float>(fraction), -24)
                       : exponent < 31 ? std::ldexp(static_cast<float>(1024 + fraction), exponent - 25)
                       : fraction == 0 ? std::numeric_limits<float>::infinity()
                                       : std::numeric_limits<float>::quiet_NaN();
    return std::copysign(size, bits >> 15 != 0 ? -1.0f : 1.0f);
}
/// Converts from bfloat16, the upper half of a float.
inline float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

/// Sets each value to f of a number of type From in `data`.
template <class From, class T, class F>
void convert(const std::vector<std::byte>& data, std::span<T> values, const F& f) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        From value;
        std::memcpy(&value, data.data() + i * sizeof value, sizeof value);
        values[i] = static_cast<T>(f(value));
    }
}

/// Copies the values of tensor `name`. F16 and BF16, and F32 to double, are converted exactly. Errors: no
/// tensor of that name; another dtype or number of values.
template <class T>
void copy_values(const Safetensors& file, const std::string& name, std::span<T> values) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) fail("safetensors", "the file has no tensor " + quoted(name));
    const TensorEntry& entry = found->second;
    if (dtype_size(entry.dtype) == 0)
        fail("safetensors", "tensor " + quoted(name) + " has " + unsupported(entry.dtype));
    const bool widened = is_widened<T>(entry.dtype);
    if ((entry.dtype != dtype_name<T>() && !widened) ||
        entry.data.size() != values.size() * dtype_size(entry.dtype))
        fail("safetensors",
             "tensor " + quoted(name) + " must have " + std::to_string(values.size()) + " values of type " +
                 std::string(dtype_name<T>()),
             entry.data.size() / dtype_size(entry.dtype), " of type ", entry.dtype);
    if (values.empty()) return;
    if (!widened)
        std::memcpy(values.data(), entry.data.data(), entry.data.size());
    else if (entry.dtype == "F16")
        convert<std::uint16_t>(entry.data, values, from_half);
    else if (entry.dtype == "BF16")
        convert<std::uint16_t>(entry.data, values, from_bfloat16);
    else
        convert<float>(entry.data, values, [](float value) { return value; });
}
}  // namespace io

}  // namespace gantry
