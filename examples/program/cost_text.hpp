#pragma once
#include <gantry/meta/step_cost.hpp>

#include <cstddef>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace gantry::program {

/// "an iteration: 1.26 GFLOP in 61 kernels; 3.2 MB of activations and their gradients; 59.8 MB of parameters,
/// gradients, moments and states"
inline std::string cost_text(const StepCost& cost) {
    std::ostringstream text;
    text.imbue(std::locale::classic());
    const auto millions = [](std::size_t number) { return static_cast<double>(number) / 1e6; };
    text << std::fixed << "an iteration: " << std::setprecision(2) << millions(cost.flops) / 1e3
         << " GFLOP in " << cost.launches << " kernels; " << std::setprecision(1) << millions(cost.step_bytes)
         << " MB of activations and their gradients; " << millions(cost.persistent_bytes)
         << " MB of parameters, gradients, moments and states";
    return text.str();
}

}  // namespace gantry::program
