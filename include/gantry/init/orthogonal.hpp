#pragma once
#include <gantry/core/error.hpp>
#include <gantry/init/distributions.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace gantry {
namespace detail {

/// Modified Gram-Schmidt: orthonormalises contiguous vectors of `length` elements each, in order, in place.
/// They must be linearly independent.
inline void orthonormalize(std::span<double> vectors, std::size_t length) {
    const auto dot = [length](const double* a, const double* b) {
        // Faster than inner_product, since it may reorder the sum.
        return std::transform_reduce(a, a + length, b, 0.0);
    };
    double* const end = vectors.data() + vectors.size();
    for (double* v = vectors.data(); v != end; v += length) {
        const double norm = std::sqrt(dot(v, v));
        for (std::size_t i = 0; i < length; ++i) v[i] /= norm;
        for (double* later = v + length; later != end; later += length) {
            const double along = dot(v, later);
            for (std::size_t i = 0; i < length; ++i) later[i] -= along * v[i];
        }
    }
}

inline std::vector<double> transposed(const std::vector<double>& matrix, std::size_t rows,
                                      std::size_t columns) {
    std::vector<double> result(matrix.size());
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c) result[c * rows + r] = matrix[r * columns + c];
    return result;
}

}  // namespace detail

/// gain * Q, where Q is a uniformly distributed random matrix with orthonormal rows, or orthonormal columns
/// if it has more rows than columns. Computed in double on the host. Errors: a parameter that is not a
/// matrix. Source: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in
/// deep linear neural networks" (2014).
struct Orthogonal {
    double gain = 1;  ///< norm of the orthogonal rows or columns

    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream& stream) const {
        if (info.extents.rank != 2)
            fail("Orthogonal", "the parameter must be a matrix", info.name, " of ", info.extents);
        Normal{}(device, info, parameter, stream);
        std::vector<T> numbers(info.extents.size());
        const std::size_t bytes = numbers.size() * sizeof(T);
        device.memory().copy_to_host(numbers.data(), parameter, bytes);

        const auto rows = static_cast<std::size_t>(info.extents.first()),
                   columns = static_cast<std::size_t>(info.extents.last());
        std::vector<double> matrix(numbers.begin(), numbers.end());
        if (rows <= columns) {
            detail::orthonormalize(matrix, columns);
        } else {
            matrix = detail::transposed(matrix, rows, columns);
            detail::orthonormalize(matrix, rows);
            matrix = detail::transposed(matrix, columns, rows);
        }
        std::transform(matrix.begin(), matrix.end(), numbers.begin(),
                       [this](double number) { return static_cast<T>(gain * number); });
        device.memory().copy_from_host(parameter, numbers.data(), bytes);
    }
};

}  // namespace gantry
