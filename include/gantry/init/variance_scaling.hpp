#pragma once
#include <gantry/core/error.hpp>
#include <gantry/init/distributions.hpp>

#include <cmath>
#include <string_view>

namespace gantry {

// Random values of mean 0. Their variance depends on the layer's fan-in and fan-out, so that activations or
// gradients keep their variance from layer to layer.

/// Which fan Kaiming initialisation uses: fan_in preserves the variance of the forward pass, fan_out that of
/// the backward pass.
enum class FanMode { fan_in, fan_out };

namespace detail {

/// `fan` as double. Errors: a parameter without a fan (for example a scale or a shift).
inline double checked_fan(std::string_view where, const core::ParameterInfo& info, int fan) {
    if (fan <= 0) fail(where, "the parameter must have a fan-in and a fan-out", info.name);
    return fan;
}
inline double glorot_std(std::string_view where, const core::ParameterInfo& info, double gain) {
    return gain *
           std::sqrt(2 / (checked_fan(where, info, info.fan_in) + checked_fan(where, info, info.fan_out)));
}
inline double kaiming_std(std::string_view where, const core::ParameterInfo& info, double slope, FanMode mode,
                          double gain) {
    const int fan = mode == FanMode::fan_in ? info.fan_in : info.fan_out;
    return gain * std::sqrt(2 / ((1 + slope * slope) * checked_fan(where, info, fan)));
}
/// Uniform distribution with mean 0 and this standard deviation: bound = sqrt(3) * deviation.
inline Uniform uniform_with_std(double deviation) {
    const double bound = std::sqrt(3.0) * deviation;
    return {-bound, bound};
}

}  // namespace detail

/// Uniform with mean 0 and standard deviation gain * sqrt(2 / (fan_in + fan_out)). Errors: a parameter
/// without fans. Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
/// networks" (2010), equation 16.
struct GlorotUniform {
    double gain = 1;  ///< factor of the standard deviation

    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const double deviation = detail::glorot_std("GlorotUniform", info, gain);
        detail::uniform_with_std(deviation)(device, info, parameter, stream);
    }
};

/// Normal with mean 0 and standard deviation gain * sqrt(2 / (fan_in + fan_out)); see GlorotUniform.
struct GlorotNormal {
    double gain = 1;  ///< factor of the standard deviation

    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const double deviation = detail::glorot_std("GlorotNormal", info, gain);
        Normal{0, deviation}(device, info, parameter, stream);
    }
};

/// Uniform with mean 0 and standard deviation gain * sqrt(2 / ((1 + slope^2) fan)), where `slope` is that of
/// the LeakyReLU that follows the layer (0: ReLU, 1: none). Errors: a parameter without fans. Source: He et
/// al., "Delving deep into rectifiers" (2015), equations 10 (fan_in), 14 (fan_out) and 15 (slope).
struct KaimingUniform {
    double slope = 0;                ///< of the LeakyReLU that follows the layer; 0: ReLU, 1: no activation
    FanMode mode = FanMode::fan_in;  ///< which fan enters the formula
    double gain = 1;                 ///< factor of the standard deviation

    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const double deviation = detail::kaiming_std("KaimingUniform", info, slope, mode, gain);
        detail::uniform_with_std(deviation)(device, info, parameter, stream);
    }
};

/// Normal with mean 0 and standard deviation gain * sqrt(2 / ((1 + slope^2) fan)); see KaimingUniform.
struct KaimingNormal {
    double slope = 0;                ///< of the LeakyReLU that follows the layer; 0: ReLU, 1: no activation
    FanMode mode = FanMode::fan_in;  ///< which fan enters the formula
    double gain = 1;                 ///< factor of the standard deviation

    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const double deviation = detail::kaiming_std("KaimingNormal", info, slope, mode, gain);
        Normal{0, deviation}(device, info, parameter, stream);
    }
};

}  // namespace gantry
