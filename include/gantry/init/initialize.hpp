#pragma once
#include <gantry/core/random.hpp>
#include <gantry/kernels/copy.hpp>
#include <gantry/kernels/random.hpp>
#include <gantry/layers/parameter.hpp>

#include <cmath>
#include <cstddef>

namespace gantry {

// An initialiser is a struct with
//   template <class T, class D> void operator()(D& device, const ParameterInfo& info, T* parameter,
//   RandomStream& stream) const
// that fills one parameter on the device.

/// Every element the same number.
struct Constant {
    double number = 0;
    template <class T, class D>
    void operator()(D& device, const ParameterInfo& info, T* parameter, RandomStream&) const {
        launch(device, FillParameters<T>{info.extents.size(), parameter, static_cast<T>(number)});
    }
};

/// Uniform in [low, high).
struct Uniform {
    double low = 0, high = 1;
    template <class T, class D>
    void operator()(D& device, const ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const std::size_t size = info.extents.size();
        launch(device, UniformParameters<T>{size, parameter, low, high, stream.take(size)});
    }
};

/// Normal; DCGAN (Radford et al. 2015) has mean 0 and deviation 0.02 for weights.
struct Normal {
    double mean = 0, deviation = 1;
    template <class T, class D>
    void operator()(D& device, const ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const std::size_t size = info.extents.size();
        launch(device, NormalParameters<T>{size, parameter, mean, deviation, stream.take(size)});
    }
};

/// Fills all parameters of one role: `initialize(generator, Role::weight, Normal{0, 0.02}, stream)`.
template <class Net, class Initializer>
void initialize(Net& network, Role role, const Initializer& initializer, RandomStream& stream) {
    for (const ParameterInfo& info : Net::Architecture::parameters())
        if (info.role == role)
            initializer(network.device(), info, network.parameters().data() + info.offset, stream);
}

/// What a new Network has: weights and biases uniform within 1 / sqrt(fan-in), as PyTorch's layers, scales 1,
/// shifts 0, running variances 1.
template <class Net>
void initialize_as_pytorch(Net& network, RandomStream& stream) {
    const auto fill = [&](const ParameterInfo& info, typename Net::scalar* tensor) {
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
    for (const ParameterInfo& info : Net::Architecture::parameters())
        fill(info, network.parameters().data() + info.offset);
    for (const ParameterInfo& info : Net::Architecture::states())
        fill(info, network.states().data() + info.offset);
}

}  // namespace gantry
