#pragma once
#include <gantry/contracts/gather.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gantry {

/// A log of scalars, such as losses, that stays on the device until it is read. Reading a scalar makes the
/// host wait for a GPU; logging one does not. A ring buffer holds the last `rows` rows that were not taken.
///     log.begin_row();
///     { Step step{device}; ...; log.add(loss, accuracy); }
///     log.end_row();
template <class T, class D>
class ScalarLog {
public:
    /// `columns`: scalars per row; `rows`: capacity in rows.
    ScalarLog(D& device, std::size_t columns, std::size_t rows)
        : columns_(columns), rows_(rows), numbers_(device, columns * (rows + 1)) {}

    /// Starts a row; discards the scalars of a row that was not ended.
    void begin_row() { column_ = 0; }
    /// Appends up to 8 scalars to the row, in one launch. Errors: more scalars than columns.
    template <class... S>
    void add(const Tensor<S, T, D>&... scalars) {
        static_assert(((S::rank == 0) && ...),
                      "gantry: a ScalarLog stores scalars: take mean() or sum() first");
        if (column_ + sizeof...(S) > columns_)
            fail("ScalarLog", "a row must have one value per column", column_ + sizeof...(S), " of ",
                 columns_);
        contracts::GatherScalarsParameters<T> p{sizeof...(S), {scalars.data()...}, nullptr};
        p.y = numbers_.data() + ended_ % (rows_ + 1) * columns_ + column_;
        launch(numbers_.device(), p);
        column_ += sizeof...(S);
    }
    /// Ends the row. Errors: fewer scalars than columns.
    void end_row() {
        if (column_ != columns_)
            fail("ScalarLog", "a row must have one value per column", column_, " of ", columns_);
        column_ = 0;
        ++ended_;
    }

    /// Returns the rows ended since the last call, oldest first; if there are more than the log holds, the
    /// latest ones. Waits for the device.
    std::vector<std::vector<T>> take() {
        const std::uint64_t first = std::max(taken_, ended_ - std::min<std::uint64_t>(ended_, rows_));
        std::vector<std::vector<T>> result;
        if (first < ended_) {
            const std::vector<T> all = numbers_.to_host();
            for (std::uint64_t row = first; row < ended_; ++row) {
                const auto begin = all.begin() + static_cast<std::ptrdiff_t>(row % (rows_ + 1) * columns_);
                result.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(columns_));
            }
        }
        taken_ = ended_;
        return result;
    }

private:
    std::size_t columns_, rows_, column_ = 0;
    core::Buffer<T, D> numbers_;           ///< ring of rows_ complete rows and the current one
    std::uint64_t ended_ = 0, taken_ = 0;  ///< row counts
};

}  // namespace gantry
