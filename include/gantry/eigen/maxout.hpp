#pragma once
#include <gantry/contracts/maxout.hpp>
#include <gantry/core/math.hpp>
#include <gantry/eigen/device.hpp>

#include <cstddef>

namespace gantry {
namespace eigen::detail {

/// Calls f(row, index of the largest piece per column) for each row of x (rows, pieces, columns).
template <class P, class F>
void each_winner(const P& p, const F& f) {
    for (std::size_t r = 0; r < p.rows; ++r) {
        const auto x = table(p.x + r * p.pieces * p.columns, p.pieces, p.columns);
        auto largest = x.row(0).eval();
        Row<int> winner = Row<int>::Zero(x.cols());
        for (Index k = 1; k < x.rows(); ++k) {
            for (Index c = 0; c < x.cols(); ++c) {
                if (!math::replaces_largest(x(k, c), largest(c))) continue;
                winner(c) = static_cast<int>(k);
                largest(c) = x(k, c);
            }
        }
        f(r, winner);
    }
}

}  // namespace eigen::detail

template <class T>
void launch(EigenCpu&, const contracts::MaxoutSelectParameters<T>& p) {
    eigen::detail::each_winner(p, [&p](std::size_t r, const eigen::Row<int>& winner) {
        const auto values = eigen::table(p.values + r * p.pieces * p.columns, p.pieces, p.columns);
        eigen::row(p.out + r * p.columns, p.columns) =
            eigen::Row<T>::NullaryExpr(values.cols(), [&](eigen::Index c) { return values(winner(c), c); });
    });
}

template <class T>
void launch(EigenCpu&, const contracts::MaxoutScatterParameters<T>& p) {
    eigen::detail::each_winner(p, [&p](std::size_t r, const eigen::Row<int>& winner) {
        auto out = eigen::table(p.out + r * p.pieces * p.columns, p.pieces, p.columns);
        const auto values = eigen::row(p.values + r * p.columns, p.columns);
        for (eigen::Index k = 0; k < out.rows(); ++k)
            out.row(k) = (winner == static_cast<int>(k)).select(values, T(0));
    });
}

}  // namespace gantry
