#pragma once
#include "cuda/kernels.hpp"
#include "cuda/placed.hpp"
#include "support/catch.hpp"
#include "support/convolution_geometries.hpp"
#include "support/eigen_kernels.hpp"
#include "support/numbers.hpp"

#include <cstddef>
#include <limits>
#include <vector>

namespace gantry::test {

/// The emulator's cuDNN has an engine for every geometry. The real one may lack a deterministic engine for
/// unusual ones; a test of wide convolutions checks that it has the required ones.
inline constexpr auto cudnn = [](Cuda& device, const auto& p) {
    const bool served = cuda::convolution_cudnn(device, p);
#ifdef GANTRY_CUDA_EMULATOR
    REQUIRE(served);
#else
    if (!served) {
        WARN("cuDNN has no engine for " << cuda::describe(p.geometry, cuda::direction_of(p)));
        cuda::convolution_tiled(device, p);
    }
#endif
};

/// A convolution of random operands in one of its directions, on any device.
template <class T>
struct Convolution {
    contracts::ConvolutionGeometry geometry;
    Direction direction;
    bool with_bias = false, accumulate = false;
    contracts::Activation activation = {};
    contracts::Activation behind = {};  ///< the activation whose output the images are, if any
    std::size_t offset = 0;             ///< of all arrays from an aligned address, in elements

    std::vector<T> x() const { return numbers(Direction::transposed, geometry.x_size(), "x"); }
    std::vector<T> y() const { return numbers(Direction::forward, geometry.y_size(), "y"); }
    std::vector<T> w() const { return numbers(Direction::weights, geometry.w_size(), "w"); }
    std::vector<T> bias() const {
        const int channels =
            direction == Direction::transposed ? geometry.in_channels : geometry.out_channels;
        return random_numbers<T>(static_cast<std::size_t>(channels), "bias");
    }
    /// Outputs of the activation that precedes x or y.
    std::vector<T> x_outputs() const { return random_numbers<T>(geometry.x_size(), "x outputs"); }
    std::vector<T> y_outputs() const { return random_numbers<T>(geometry.y_size(), "y outputs"); }
    struct Arrays {
        T *x, *y, *w;
        const T *bias, *x_outputs, *y_outputs;
    };
    /// Calls f(parameters of the direction).
    template <class F>
    void call(const F& f, const Arrays& at) const {
        const T* const bias_or_none = with_bias ? at.bias : nullptr;
        contracts::ActivationBackward<T> x_activation, y_activation;
        if (behind.kind != contracts::ActivationKind::identity) {
            x_activation = {at.x_outputs, behind};
            y_activation = {at.y_outputs, behind};
        }
        if (direction == Direction::forward)
            f(contracts::ConvolutionParameters<T>{geometry, at.x, at.w, at.y, bias_or_none, activation, false,
                                                  x_activation});
        else if (direction == Direction::transposed)
            f(contracts::ConvolutionTransposedParameters<T>{geometry, at.y, at.w, at.x, bias_or_none,
                                                            activation, false, y_activation});
        else
            f(contracts::ConvolutionWeightGradientParameters<T>{geometry, at.x, at.y, at.w, accumulate,
                                                                x_activation, y_activation});
    }

    template <class F>
    std::vector<T> on(Cuda& device, const F& f) const {
        const Step<Cuda> step{device};
        const Placed<T, Cuda> at_x(device, x(), offset), at_y(device, y(), offset), at_w(device, w(), offset),
            at_bias(device, bias(), offset), at_x_outputs(device, x_outputs(), offset),
            at_y_outputs(device, y_outputs(), offset);
        call([&](const auto& p) { f(device, p); }, {at_x.data(), at_y.data(), at_w.data(), at_bias.data(),
                                                    at_x_outputs.data(), at_y_outputs.data()});
        return (direction == Direction::forward      ? at_y
                : direction == Direction::transposed ? at_x
                                                     : at_w)
            .to_host();
    }
    std::vector<double> on_reference() const {
        EigenCpu reference;
        std::vector<double> at_x = as_doubles(x()), at_y = as_doubles(y()), at_w = as_doubles(w());
        const std::vector<double> at_bias = as_doubles(bias()), at_x_outputs = as_doubles(x_outputs()),
                                  at_y_outputs = as_doubles(y_outputs());
        const Convolution<double> in_double{geometry,   direction, with_bias, accumulate,
                                            activation, behind,    offset};
        in_double.call([&](const auto& p) { launch(reference, p); },
                       {at_x.data(), at_y.data(), at_w.data(), at_bias.data(), at_x_outputs.data(),
                        at_y_outputs.data()});
        return direction == Direction::forward ? at_y : direction == Direction::transposed ? at_x : at_w;
    }

private:
    /// The result's old contents must not be read, unless it accumulates.
    std::vector<T> numbers(Direction result, std::size_t size, const char* name) const {
        if (direction == result && !accumulate)
            return std::vector<T>(size, std::numeric_limits<T>::quiet_NaN());
        return random_numbers<T>(size, name);
    }
};

}  // namespace gantry::test
