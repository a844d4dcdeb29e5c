#pragma once
#include <gantry/core/error.hpp>
#include <gantry/init/distributions.hpp>

#include <cmath>
#include <string_view>

namespace gantry {

// Numbers of mean 0 whose variance is chosen by how many inputs and outputs a layer has, so that signals or
// gradients keep their size from layer to layer.

enum class FanMode { fan_in, fan_out };

namespace detail {

/// Errors: a parameter whose layer names no fan (a scale or a shift, say).
inline double checked_fan(std::string_view where, const ParameterInfo& info, int fan) {
    if (fan <= 0) fail(where, "the parameter must have a fan-in and a fan-out", info.name);
    return fan;
}
inline double glorot_std(std::string_view where, const ParameterInfo& info, double gain) {
    return gain *
           std::sqrt(2 / (checked_fan(where, info, info.fan_in) + checked_fan(where, info, info.fan_out)));
}
inline double kaiming_std(std::string_view where, const ParameterInfo& info, double slope, FanMode mode) {
    const int fan = mode == FanMode::fan_in ? info.fan_in : info.fan_out;
    return std::sqrt(2 / ((1 + slope * slope) * checked_fan(where, info, fan)));
}
/// Uniform numbers of this deviation.
inline Uniform uniform_of(double deviation) {
    const double bound = std::sqrt(3.0) * deviation;
    return {-bound, bound};
}

}  // namespace detail

/// Uniform with deviation gain sqrt(2 / (fan_in + fan_out)). Source: Glorot and Bengio, "Understanding the
/// difficulty of training deep feedforward neural networks" (2010), equation 16.
struct GlorotUniform {
    double gain = 1;

    template <class T, class D>
    void operator()(D& device, const ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const double deviation = detail::glorot_std("GlorotUniform", info, gain);
        detail::uniform_of(deviation)(device, info, parameter, stream);
    }
};

/// Normal with deviation gain sqrt(2 / (fan_in + fan_out)); see GlorotUniform.
struct GlorotNormal {
    double gain = 1;

    template <class T, class D>
    void operator()(D& device, const ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const double deviation = detail::glorot_std("GlorotNormal", info, gain);
        Normal{0, deviation}(device, info, parameter, stream);
    }
};

/// Uniform with deviation sqrt(2 / ((1 + slope^2) fan)), where `slope` is that of the LeakyReLU after the
/// layer (0: ReLU). Source: He et al., "Delving deep into rectifiers" (2015), equations 10 (fan_in), 14
/// (fan_out) and 15 (slope).
struct KaimingUniform {
    double slope = 0;
    FanMode mode = FanMode::fan_in;

    template <class T, class D>
    void operator()(D& device, const ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const double deviation = detail::kaiming_std("KaimingUniform", info, slope, mode);
        detail::uniform_of(deviation)(device, info, parameter, stream);
    }
};

/// Normal with deviation sqrt(2 / ((1 + slope^2) fan)); see KaimingUniform.
struct KaimingNormal {
    double slope = 0;
    FanMode mode = FanMode::fan_in;

    template <class T, class D>
    void operator()(D& device, const ParameterInfo& info, T* parameter, RandomStream& stream) const {
        const double deviation = detail::kaiming_std("KaimingNormal", info, slope, mode);
        Normal{0, deviation}(device, info, parameter, stream);
    }
};

}  // namespace gantry
