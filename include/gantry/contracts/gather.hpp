#pragma once
#include <gantry/core/host_device.hpp>
#include <gantry/core/math.hpp>
#include <gantry/core/pixel_range.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace gantry::contracts {

/// Gathers samples of a data set of 8-bit values and converts them: y[i] = from_byte(x[items[i]]). The
/// indices are passed as launch arguments, which avoids a copy from the host to the GPU.
template <class T>
struct GatherSamplesParameters {
    static constexpr std::size_t most = 256;  ///< samples per launch: kernel arguments are limited to 4 KiB
    std::size_t count = 0, sample_size = 0;
    const std::uint8_t* x = nullptr;  ///< (samples in the data set, sample_size)
    T* y = nullptr;                   ///< (count, sample_size)
    PixelRange range = PixelRange::minus_one_to_one;
    std::array<std::uint32_t, most> samples = {};  ///< indices of the samples; the first `count` are used
};

/// Gathers scalars into a contiguous array: y[i] = *from[i].
template <class T>
struct GatherScalarsParameters {
    static constexpr std::size_t most = 8;  ///< scalars per launch
    std::size_t count = 0;
    std::array<const T*, most> from = {};
    T* y = nullptr;
};

/// Gathers rows by index: y[g][i] = x[g][index[g][i]]. An index outside [0, rows) is an error on the CPU
/// devices; on Cuda, whose kernels cannot fail, its row is NaN.
template <class T>
struct GatherRowsParameters {
    std::size_t groups = 1, rows = 0, columns = 0, count = 0;
    const std::int32_t* index = nullptr;  ///< (groups, count)
    const T* x = nullptr;                 ///< (groups, rows, columns)
    T* y = nullptr;                       ///< (groups, count, columns)
};

/// The adjoint of GatherRows: x[g][r] = sum of the rows y[g][i] with index[g][i] == r, in the order of i. An
/// index outside [0, rows) is ignored.
template <class T>
struct ScatterRowsParameters {
    std::size_t groups = 1, rows = 0, columns = 0, count = 0;
    const std::int32_t* index = nullptr;  ///< (groups, count)
    const T* y = nullptr;                 ///< (groups, count, columns)
    T* x = nullptr;  ///< (groups, rows, columns), overwritten or, with accumulate, added to
    bool accumulate = false;
};

/// One-hot rows: y[i][c] = index[i] == c. An index outside [0, classes) is an error on the CPU devices; on
/// Cuda its row is NaN.
template <class T>
struct OneHotParameters {
    std::size_t count = 0, classes = 0;
    const std::int32_t* index = nullptr;  ///< (count)
    T* y = nullptr;                       ///< (count, classes)
};

/// The index of the largest of `count` elements `step` apart, the first of equal ones. NaN is larger than any
/// number.
template <class T>
GANTRY_HOST_DEVICE std::int32_t index_of_largest(const T* x, std::size_t count, std::size_t step = 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < count && !math::is_nan(x[best * step]); ++i)
        if (math::is_nan(x[i * step]) || x[i * step] > x[best * step]) best = i;
    return static_cast<std::int32_t>(best);
}

/// index[r] = the column of the largest element of row r of x (rows, columns), the first of equal ones. NaN
/// is larger than any number.
template <class T>
struct ArgmaxParameters {
    std::size_t rows = 0, columns = 0;
    const T* x = nullptr;
    std::int32_t* index = nullptr;
};

/// Writes integers that are known on the host: y[i] = values[i]. They are passed as launch arguments, which
/// avoids a copy from the host to the GPU.
template <class T>
struct WriteIntegersParameters {
    static constexpr std::size_t most = 512;  ///< integers per launch: kernel arguments are limited to 4 KiB
    std::size_t count = 0;
    T* y = nullptr;
    std::array<T, most> values = {};  ///< the first `count` are used
};

}  // namespace gantry::contracts
