#pragma once
#include <gantry/core/device.hpp>
#include <gantry/core/host_memory.hpp>

#include <cstddef>
#include <string>
#include <type_traits>

// In .cu files: host code only. Include Eigen first to use it in kernels.
#if defined(__CUDACC__) && !defined(EIGEN_NO_CUDA)
#define EIGEN_NO_CUDA
#endif
#include <Eigen/Core>

namespace gantry {

/// The second CPU device: every kernel as an Eigen expression, on one thread (Eigen's products use OpenMP
/// where the program enables it). It needs no vector extensions, so it also works in .cu files, and it serves
/// as the reference that other devices are tested against. Use `Cpu` where speed matters. Products of
/// matrices are summed in the scalar, those of 16-bit scalars in float; all other sums are in double.
/// Networks have float or double; ops also accept Eigen::half and Eigen::bfloat16. Its kernels take any three
/// Scalars.
class EigenCpu : public Device<core::HostMemory> {
public:
    /// Sums of floats in double, too.
    template <class Storage, class Sum>
    static constexpr bool sums_in =
        std::is_same_v<Sum, Storage> || (std::is_same_v<Storage, float> && std::is_same_v<Sum, double>);
};

namespace eigen {

static_assert(EIGEN_VERSION_AT_LEAST(3, 4, 0), "gantry: <gantry/eigen.hpp> needs Eigen 3.4 or newer");

/// Eigen's version, "3.4.0".
inline std::string version() {
    return std::to_string(EIGEN_WORLD_VERSION) + '.' + std::to_string(EIGEN_MAJOR_VERSION) + '.' +
           std::to_string(EIGEN_MINOR_VERSION);
}

using Index = Eigen::Index;  ///< Eigen's signed index

/// What functions and products of scalars T are computed in: in Sum if that is another type; otherwise 16-bit
/// scalars in float and others in T.
template <class T, class Sum = T>
using Compute = std::conditional_t<(std::is_same_v<T, Sum> && sizeof(T) < sizeof(float)), float, Sum>;

/// A row-major matrix; gantry's tensors are row-major.
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// A row-major matrix with elementwise arithmetic.
template <class T>
using Table = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// A row of elements, with elementwise arithmetic.
template <class T>
using Row = Eigen::Array<T, 1, Eigen::Dynamic>;

/// Views `data` as a matrix (rows, columns).
template <class T>
auto matrix(T* data, std::size_t rows, std::size_t columns) {
    using Plain = Matrix<std::remove_const_t<T>>;
    using View = std::conditional_t<std::is_const_v<T>, const Plain, Plain>;
    return Eigen::Map<View>(data, static_cast<Index>(rows), static_cast<Index>(columns));
}
/// Views `data` as a table (rows, columns).
template <class T>
auto table(T* data, std::size_t rows, std::size_t columns) {
    using Plain = Table<std::remove_const_t<T>>;
    using View = std::conditional_t<std::is_const_v<T>, const Plain, Plain>;
    return Eigen::Map<View>(data, static_cast<Index>(rows), static_cast<Index>(columns));
}
/// Views `data` as a row of `size` elements.
template <class T>
auto row(T* data, std::size_t size) {
    using Plain = Row<std::remove_const_t<T>>;
    using View = std::conditional_t<std::is_const_v<T>, const Plain, Plain>;
    return Eigen::Map<View>(data, static_cast<Index>(size));
}

}  // namespace eigen
}  // namespace gantry
