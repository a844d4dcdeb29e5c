#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/atomic_file.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace gantry::io {

/// Writes a NumPy array of floats ("<f4", row-major) piece by piece, atomically. Source: NumPy's
/// documentation, numpy.lib.format, version 1.0.
///     NpyFile file("samples.npy", {count, 28, 28, 1});
///     file.write(some);
///     file.write(more);
///     file.commit();
class NpyFile {
public:
    /// Writes the header. Errors: a file that cannot be created.
    NpyFile(const std::filesystem::path& path, const std::vector<std::size_t>& shape)
        : file_(path),
          missing_(std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>{})) {
        static_assert(std::endian::native == std::endian::little, "\"<f4\" is little-endian");
        std::string extents;
        for (const std::size_t extent : shape) extents += std::to_string(extent) + ", ";
        std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + extents + "), }";
        constexpr std::size_t before = 10, alignment = 64;  // bytes before the header; of the data
        header.append(alignment - 1 - (before + header.size()) % alignment, ' ').append(1, '\n');
        const auto length = static_cast<std::uint16_t>(header.size());
        file_.write("\x93NUMPY\x01" + std::string(1, '\0'));
        file_.write(std::as_bytes(std::span(&length, 1)));
        file_.write(header);
    }

    /// Appends values. Errors: more values than the shape has.
    void write(std::span<const float> values) {
        if (values.size() > missing_) fail("NpyFile", "there are more values than the shape has");
        missing_ -= values.size();
        file_.write(std::as_bytes(values));
    }
    /// Completes the file and renames it into place. Errors: values are missing.
    void commit() {
        if (missing_ != 0) fail("NpyFile", "values of the array are missing", missing_, " too few");
        file_.commit();
    }

private:
    AtomicFile file_;
    std::size_t missing_;
};

}  // namespace gantry::io
