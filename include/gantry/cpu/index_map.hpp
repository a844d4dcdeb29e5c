#pragma once
#include <gantry/contracts/index_map.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>
#include <gantry/cpu/threads/parallel.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// A position in all axes of y but the last.
template <class T>
class MapRow {
public:
    MapRow(const contracts::IndexMapParameters<T>& p, std::size_t row) : p_(p) {
        for (int a = p.axes - 2; a >= 0; --a) {
            const auto size = static_cast<std::size_t>(p.axis[a].size);
            at_[static_cast<std::size_t>(a)] = static_cast<std::int64_t>(row % size);
            row /= size;
        }
    }
    void next() {
        for (int a = p_.axes - 2; a >= 0; --a) {
            if (++at_[static_cast<std::size_t>(a)] < p_.axis[a].size) return;
            at_[static_cast<std::size_t>(a)] = 0;
        }
    }
    /// The row of x, or null if it is outside.
    const T* source() const {
        const T* x = p_.x;
        for (int a = 0; a < p_.axes - 1; ++a) {
            const auto& axis = p_.axis[a];
            const std::int64_t j = axis.start + axis.step * at_[static_cast<std::size_t>(a)];
            if (j < 0 || j >= axis.source_size) return nullptr;
            x += static_cast<std::size_t>(j) * axis.stride;
        }
        return x;
    }

private:
    const contracts::IndexMapParameters<T>& p_;
    std::array<std::int64_t, contracts::IndexMapParameters<T>::most_axes> at_ = {};
};

/// Copies one row: zeros, the elements inside of x, zeros.
template <class T>
void map_row(const typename contracts::IndexMapParameters<T>::Axis& axis, const T* x, T* y) {
    const std::int64_t before = axis.step > 0 ? -axis.start : axis.start - axis.source_size + 1;
    const std::int64_t begin = std::clamp<std::int64_t>(before, 0, axis.size),
                       end = std::clamp<std::int64_t>(before + axis.source_size, begin, axis.size);
    std::fill(y, y + begin, T{0});
    std::fill(y + end, y + axis.size, T{0});
    if (begin == end) return;
    const auto stride = static_cast<std::ptrdiff_t>(axis.stride);
    x += (axis.start + axis.step * begin) * stride;
    if (axis.step > 0 && stride == 1)
        std::copy_n(x, end - begin, y + begin);
    else
        for (std::int64_t i = begin; i < end; ++i, x += axis.step * stride) y[i] = *x;
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::IndexMapParameters<T>& p) {
    const std::size_t size = p.size();
    if (size == 0) return;
    const auto& last = p.axis[p.axes - 1];
    const auto columns = static_cast<std::size_t>(last.size);
    cpu::parallel_ranges(device.threads(), size / columns, 1, cpu::worthwhile_elements / columns,
                         [&](std::size_t begin, std::size_t end) {
                             cpu::detail::MapRow<T> row(p, begin);
                             for (std::size_t r = begin; r < end; ++r, row.next()) {
                                 T* const y = p.y + r * columns;
                                 if (const T* const x = row.source())
                                     cpu::detail::map_row<T>(last, x, y);
                                 else
                                     std::fill_n(y, columns, T{0});
                             }
                         });
}

}  // namespace gantry
