#pragma once
#include <gantry/init/distributions.hpp>

#include <cmath>
#include <vector>

namespace gantry {

/// Applies an initialiser to all parameters, or running statistics, of one role:
///     initialize(generator, Role::weight, Normal{0, 0.02}, stream);
template <class Net, class Initializer>
void initialize(Net& network, Role role, const Initializer& initializer, RandomStream& stream) {
    const auto apply = [&](const std::vector<core::ParameterInfo>& infos, auto& buffer) {
        for (const core::ParameterInfo& info : infos)
            if (info.role == role) initializer(network.device(), info, buffer.data() + info.offset, stream);
        buffer.overwritten();
    };
    apply(Net::Architecture::parameters(), network.parameters());
    apply(Net::Architecture::states(), network.states());
}

/// The default initialisation of a Network, that of PyTorch's layers: weights and biases uniform in
/// [-b, b) with b = 1 / sqrt(fan-in); scales and running variances 1, shifts and running means 0.
template <class Net>
void initialize_as_pytorch(Net& network, RandomStream& stream) {
    const auto fill = [&](const core::ParameterInfo& info, typename Net::scalar* tensor) {
        switch (info.role) {
            case Role::weight:
            case Role::bias: {
                const double bound = 1 / std::sqrt(static_cast<double>(info.fan_in));
                return Uniform{-bound, bound}(network.device(), info, tensor, stream);
            }
            case Role::scale:
            case Role::running_variance:
                return Constant{1}(network.device(), info, tensor, stream);
            case Role::shift:
            case Role::running_mean:
                return Constant{0}(network.device(), info, tensor, stream);
        }
    };
    for (const core::ParameterInfo& info : Net::Architecture::parameters())
        fill(info, network.parameters().data() + info.offset);
    for (const core::ParameterInfo& info : Net::Architecture::states())
        fill(info, network.states().data() + info.offset);
    network.parameters_overwritten();
}

}  // namespace gantry
