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

/// A position in all axes of y but the last two.
template <class T>
class MapPlane {
public:
    MapPlane(const contracts::IndexMapParameters<T>& p, std::size_t plane) : p_(p) {
        for (int a = p.axes - 3; a >= 0; --a) {
            const auto size = static_cast<std::size_t>(p.axis[a].size);
            at_[static_cast<std::size_t>(a)] = static_cast<std::int64_t>(plane % size);
            plane /= size;
        }
    }
    void next() {
        for (int a = p_.axes - 3; a >= 0; --a) {
            if (++at_[static_cast<std::size_t>(a)] < p_.axis[a].size) return;
            at_[static_cast<std::size_t>(a)] = 0;
        }
    }
    /// The plane of x, or null if it is outside.
    const T* source() const {
        const T* x = p_.x;
        for (int a = 0; a < p_.axes - 2; ++a) {
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

/// Copies along the last axis: zeros, the elements inside of x, zeros.
template <class T>
class MapRow {
public:
    explicit MapRow(const typename contracts::IndexMapParameters<T>::Axis& axis)
        : size_(static_cast<std::ptrdiff_t>(axis.size)),
          step_(axis.step * static_cast<std::ptrdiff_t>(axis.stride)) {
        const std::int64_t outside = axis.step > 0 ? -axis.start : axis.start - axis.source_size + 1;
        begin_ = std::clamp<std::int64_t>(outside, 0, axis.size);
        end_ = std::clamp<std::int64_t>(outside + axis.source_size, begin_, axis.size);
        first_ = (axis.start + axis.step * begin_) * static_cast<std::ptrdiff_t>(axis.stride);
    }
    /// x: the row of x, or null if it is outside.
    void copy(const T* x, T* y) const {
        if (!x || begin_ == end_) {
            std::fill_n(y, size_, T{0});
            return;
        }
        std::fill(y, y + begin_, T{0});
        std::fill(y + end_, y + size_, T{0});
        x += first_;
        constexpr std::ptrdiff_t short_run = 16;  // memmove costs more
        if (step_ == 1 && end_ - begin_ > short_run)
            std::copy_n(x, end_ - begin_, y + begin_);
        else
            for (std::ptrdiff_t i = begin_; i < end_; ++i, x += step_) y[i] = *x;
    }

private:
    std::ptrdiff_t size_, step_, begin_, end_, first_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::IndexMapParameters<T>& p) {
    const std::size_t size = p.size();
    if (size == 0) return;
    const auto columns = static_cast<std::size_t>(p.axis[p.axes - 1].size);
    const auto rows = p.axes > 1 ? p.axis[p.axes - 2] : typename contracts::IndexMapParameters<T>::Axis{};
    const auto plane_rows = static_cast<std::size_t>(rows.size);
    const cpu::detail::MapRow<T> row(p.axis[p.axes - 1]);
    cpu::parallel_ranges(
        device.threads(), size / columns, 1, cpu::worthwhile_elements / columns,
        [&](std::size_t r, std::size_t end) {
            cpu::detail::MapPlane<T> plane(p, r / plane_rows);
            for (; r < end; plane.next()) {
                const T* const x = plane.source();
                for (std::size_t i = r % plane_rows; i < plane_rows && r < end; ++i, ++r) {
                    const std::int64_t j = rows.start + rows.step * static_cast<std::int64_t>(i);
                    const bool inside = x && j >= 0 && j < rows.source_size;
                    row.copy(inside ? x + static_cast<std::size_t>(j) * rows.stride : nullptr,
                             p.y + r * columns);
                }
            }
        });
}

}  // namespace gantry
