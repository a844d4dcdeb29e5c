#pragma once
#include <string>

namespace gantry::program {

/// A number that tells how training goes.
struct Metric {
    std::string column;    ///< its name in a table
    std::string label;     ///< its name in the progress line
    int decimals;          ///< there
    std::string colour{};  ///< of its line in the plot of losses; empty: it is not drawn
};

}  // namespace gantry::program
