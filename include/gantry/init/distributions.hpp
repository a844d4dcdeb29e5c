#pragma once
#include <gantry/contracts/copy.hpp>
#include <gantry/contracts/random.hpp>
#include <gantry/core/parameter.hpp>
#include <gantry/core/random.hpp>

#include <cstddef>

/// @addtogroup init
/// An initialiser is a struct with
///     template <class T, class D> void operator()(D& device, const ParameterInfo& info, T* parameter,
///                                                 RandomStream& stream) const
/// that fills one parameter, info.extents.size() elements on the device. Random values come from `stream`, so
/// that a seed gives the same values with any number of threads.

namespace gantry {

namespace core {
/// An initialiser of parameters with elements T on device D: see above.
template <class F, class T, class D>
concept Initializer = requires(const F& initialize, D& device, const core::ParameterInfo& info, T* parameter,
                               RandomStream& stream) { initialize(device, info, parameter, stream); };
}  // namespace core

/// Sets every element to `number`.
struct Constant {
    double number = 0;  ///< the value

    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream&) const {
        launch(device, contracts::FillParameters<T>{info.extents.size(), parameter, static_cast<T>(number)});
    }
};

/// Uniform in [low, high): the same bits on every device.
struct Uniform {
    double low = 0, high = 1;  ///< the bounds, low < high

    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const std::size_t size = info.extents.size();
        launch(device, contracts::UniformParameters<T>{size, parameter, low, high, stream.take(size)});
    }
};

/// Normal with mean `mean` and standard deviation `deviation`, by Box-Muller; equal on all devices up to
/// rounding. DCGAN (Radford et al. 2015) uses mean 0 and standard deviation 0.02 for weights.
struct Normal {
    double mean = 0, deviation = 1;  ///< of the distribution; deviation >= 0

    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const std::size_t size = info.extents.size();
        launch(device, contracts::NormalParameters<T>{size, parameter, mean, deviation, stream.take(size)});
    }
};

}  // namespace gantry
