#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/init/distributions.hpp>
#include <gantry/init/random_direction.hpp>

#include <cmath>
#include <vector>

namespace gantry {

namespace detail {
/// Compiled once for all networks.
template <class T, class D, class F>
void initialize(const std::vector<core::ParameterInfo>& infos, core::Buffer<T, D>& buffer, Role role,
                const F& initializer, RandomStream& stream) {
    for (const core::ParameterInfo& info : infos)
        if (info.role == role) initializer(buffer.device(), info, buffer.data() + info.offset, stream);
    buffer.overwritten();
}
template <class T, class D>
void initialize_as_pytorch(const std::vector<core::ParameterInfo>& infos, core::Buffer<T, D>& buffer,
                           RandomStream& stream) {
    const auto fill = [&](const core::ParameterInfo& info, T* tensor) {
        switch (info.role) {
            case Role::weight:
            case Role::bias: {
                const double bound = 1 / std::sqrt(static_cast<double>(info.fan_in));
                return Uniform{-bound, bound}(buffer.device(), info, tensor, stream);
            }
            case Role::embedding:
                return Normal{0, 1}(buffer.device(), info, tensor, stream);
            case Role::scale:
            case Role::running_variance:
                return Constant{1}(buffer.device(), info, tensor, stream);
            case Role::shift:
            case Role::running_mean:
                return Constant{0}(buffer.device(), info, tensor, stream);
            case Role::direction:
                return RandomDirection{}(buffer.device(), info, tensor, stream);
        }
    };
    for (const core::ParameterInfo& info : infos) fill(info, buffer.data() + info.offset);
    buffer.overwritten();
}
}  // namespace detail

/// Applies an initialiser to all parameters, or running statistics, of one role:
///     initialize(generator, Role::weight, Normal{0, 0.02}, stream);
template <class Net, class F>
void initialize(Net& network, Role role, const F& initializer, RandomStream& stream) {
    constexpr bool fits = core::Initializer<F, typename Net::scalar, typename Net::device_type>;
    static_assert(
        fits,
        "gantry: an initialiser fills one parameter, (device, info, parameter, stream): Normal{0, 0.02}, or "
        "see gantry/init/distributions.hpp");
    if constexpr (fits) {
        detail::initialize(Net::Architecture::parameters(), network.parameters(), role, initializer, stream);
        detail::initialize(Net::Architecture::states(), network.states(), role, initializer, stream);
    }
}

/// The default initialisation of a Network, that of PyTorch's layers: weights and biases uniform in
/// [-b, b) with b = 1 / sqrt(fan-in); embeddings normal with deviation 1; scales and running variances 1,
/// shifts and running means 0; directions random.
template <class Net>
void initialize_as_pytorch(Net& network, RandomStream& stream) {
    detail::initialize_as_pytorch(Net::Architecture::parameters(), network.parameters(), stream);
    detail::initialize_as_pytorch(Net::Architecture::states(), network.states(), stream);
}

}  // namespace gantry
