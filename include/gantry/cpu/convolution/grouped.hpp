#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace gantry::cpu::inline GANTRY_TARGET {

/// A grouped convolution as ungrouped ones, of contiguous copies of each group's channels. It works on a
/// block of groups and of images at a time, so that copies access long runs of memory and stay in the L2
/// cache.
template <class P>
class GroupedConvolution {
public:
    explicit GroupedConvolution(const P& p) : p_(p), g_(p.geometry) {}

    /// Calls ungrouped(threads, parameters) with the parameters of an ungrouped convolution, for each group
    /// and block of images. Groups are distributed over the threads if there are enough; otherwise the
    /// threads share each convolution. Blocks of images depend on the geometry alone, since they split the
    /// sums of weight gradients.
    template <class Ungrouped>
    void run(int threads, const Ungrouped& ungrouped) const {
        const std::size_t groups = size(g_.groups), most = groups_in_block();
        const int apart = groups >= size(threads) ? threads : 1;
        parallel(apart, [&](int part, int parts) {
            const Range mine = share(groups, size(part), size(parts));
            for (std::size_t first = mine.begin; first < mine.end; first += most)
                run_block(threads / apart, {first, std::min(first + most, mine.end)}, ungrouped);
        });
    }

private:
    using T = std::remove_cvref_t<decltype(*P::w)>;
    static constexpr std::size_t run_bytes = 1024;  // of a pixel, in the channels of a block of groups
    static constexpr std::size_t block_bytes =
        524288;  // of the larger image, in a block of groups and images

    static std::size_t size(int n) { return static_cast<std::size_t>(n); }

    /// One of the arrays x, y and w: a matrix whose columns are the channels of all groups.
    struct Array {
        std::size_t rows, columns;  ///< columns of one group

        /// From the copy of one group to that of the next. If it were a power of two, their rows would share
        /// a few lines of the L1 cache.
        std::size_t step() const { return rows * columns + 5 * 64 / sizeof(T); }
    };
    Array x(std::size_t images) const {
        return {images * size(g_.vertical.in) * size(g_.horizontal.in), size(g_.group_in())};
    }
    Array y(std::size_t images) const {
        return {images * size(g_.vertical.out) * size(g_.horizontal.out), size(g_.group_out())};
    }
    Array w() const {
        return {size(g_.vertical.size) * size(g_.horizontal.size) * size(g_.group_in()),
                size(g_.group_out())};
    }
    std::size_t groups_in_block() const {
        const std::size_t channels = size(std::max(g_.group_in(), g_.group_out()));
        return std::max<std::size_t>(1, run_bytes / sizeof(T) / channels);
    }
    std::size_t images_in_block() const {
        const std::size_t pixels = std::max(x(1).rows, y(1).rows);
        return std::max<std::size_t>(1, block_bytes / run_bytes / pixels);
    }

    template <int array>
    static T* memory(const Array& a, std::size_t groups) {
        constexpr int first_slot = 16;  // the others belong to the kernels and to Widened
        return scratch<T, first_slot + array>(groups * a.step());
    }
    /// Calls f(row in the array, row in the copy of the group) for the rows of an array, row by row.
    /// Prefetches rows ahead: the processor does not, since the run of a row is short.
    template <class U, class F>
    void each_run(U* array, const Array& a, const Range& groups, T* copies, const F& f) const {
        constexpr std::size_t ahead = 4;
        const std::size_t row = a.columns * size(g_.groups);
        array += groups.begin * a.columns;
        for (std::size_t r = 0; r < a.rows; ++r, array += row, copies += a.columns)
            for (std::size_t k = 0; k < groups.size(); ++k) {
                __builtin_prefetch(array + ahead * row + k * a.columns, !std::is_const_v<U>);
                f(array + k * a.columns, copies + k * a.step());
            }
    }
    /// Copies the channels of some groups to an array (rows, columns) per group.
    void gather(const T* from, const Array& a, const Range& groups, T* to) const {
        each_run(from, a, groups, to, [&](const T* run, T* copy) { std::copy_n(run, a.columns, copy); });
    }
    void scatter(T* from, const Array& a, const Range& groups, T* to) const {
        each_run(to, a, groups, from, [&](T* run, const T* copy) { std::copy_n(copy, a.columns, run); });
    }

    template <class Pointer>
    static constexpr bool is_read = std::is_const_v<std::remove_pointer_t<Pointer>>;
    static constexpr bool reads_x = is_read<decltype(P::x)>, reads_y = is_read<decltype(P::y)>,
                          reads_w = is_read<decltype(P::w)>;

    template <class Ungrouped>
    void run_block(int threads, const Range& groups, const Ungrouped& ungrouped) const {
        const std::size_t batch = size(g_.batch), most = images_in_block();
        T* const copies_w = memory<0>(w(), groups.size());
        bool accumulate = false;
        if constexpr (!reads_w) accumulate = p_.accumulate;
        if (reads_w || accumulate) gather(p_.w, w(), groups, copies_w);
        for (std::size_t first = 0; first < batch; first += most) {
            const Range images{first, std::min(first + most, batch)};
            run_images(threads, groups, images, copies_w, accumulate || first > 0, ungrouped);
        }
        if constexpr (!reads_w) scatter(copies_w, w(), groups, p_.w);
    }
    /// The same for some images.
    template <class Ungrouped>
    void run_images(int threads, const Range& groups, const Range& images, T* copies_w, bool accumulate,
                    const Ungrouped& ungrouped) const {
        const Array ax = x(images.size()), ay = y(images.size());
        const auto x_at = p_.x + images.begin * x(1).rows * size(g_.in_channels);
        const auto y_at = p_.y + images.begin * y(1).rows * size(g_.out_channels);
        T *const copies_x = memory<1>(ax, groups.size()), *const copies_y = memory<2>(ay, groups.size());
        if (reads_x) gather(x_at, ax, groups, copies_x);
        if (reads_y) gather(y_at, ay, groups, copies_y);
        for (std::size_t k = 0; k < groups.size(); ++k) {
            P one = p_;
            one.geometry = g_.one_group();
            one.geometry.batch = static_cast<int>(images.size());
            one.x = copies_x + k * ax.step();
            one.y = copies_y + k * ay.step();
            one.w = copies_w + k * w().step();
            if constexpr (!reads_w)
                one.accumulate = accumulate;
            else if (one.bias)
                one.bias += (groups.begin + k) * (reads_x ? ay : ax).columns;
            ungrouped(threads, one);
        }
        if constexpr (!reads_x) scatter(copies_x, ax, groups, x_at);
        if constexpr (!reads_y) scatter(copies_y, ay, groups, y_at);
    }

    const P& p_;
    const contracts::ConvolutionGeometry& g_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
