#pragma once
#include <string>

namespace gantry::program {

/// A scalar that is logged and shown during training.
struct Metric {
    std::string column;    ///< name of its column in the log
    std::string label;     ///< name in the progress line
    int decimals;          ///< shown in the progress line
    std::string colour{};  ///< of its curve in the plot of losses; empty: not plotted
};

}  // namespace gantry::program
