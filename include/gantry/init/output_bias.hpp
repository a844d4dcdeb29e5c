#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/images.hpp>
#include <gantry/core/math.hpp>
#include <gantry/core/parameter.hpp>
#include <gantry/ops/activation.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gantry {

/// Mean of each value over the samples of a data set: (count, sample_size) bytes -> sample_size means, mapped
/// to `range`. Errors: no samples; bytes that are not a whole number of samples.
inline std::vector<double> marginal_means(std::span<const std::uint8_t> pixels, std::size_t sample_size,
                                          PixelRange range) {
    if (sample_size == 0 || pixels.empty() || pixels.size() % sample_size != 0)
        fail("marginal_means", "the data must be one or more whole samples", pixels.size(),
             " values in samples of ", sample_size);
    std::vector<std::uint64_t> sums(sample_size);
    for (std::size_t first = 0; first < pixels.size(); first += sample_size)
        for (std::size_t i = 0; i < sample_size; ++i) sums[i] += pixels[first + i];

    const double full = 255.0 * static_cast<double>(pixels.size() / sample_size);
    std::vector<double> means(sample_size);
    std::transform(sums.begin(), sums.end(), means.begin(), [&](std::uint64_t sum) {
        const double mean = static_cast<double>(sum) / full;
        return range == PixelRange::zero_to_one ? mean : 2 * mean - 1;
    });
    return means;
}

namespace detail {
/// Inverse of sigmoid or tanh at `mean`, which is first clamped to a distance of `margin` times the width of
/// the activation's range from its ends.
inline double inverse_activation(contracts::ActivationKind activation, double mean, double margin) {
    const bool is_tanh = activation == contracts::ActivationKind::tanh;
    if (!is_tanh && activation != contracts::ActivationKind::sigmoid)
        fail("initialize_output_bias", "the output activation must be sigmoid or tanh");
    const double place = is_tanh ? (mean + 1) / 2 : mean;  // in [0, 1]
    if (math::is_nan(place) || place < 0 || place > 1)
        fail("initialize_output_bias",
             is_tanh ? "the means must be in [-1, 1], the range of tanh"
                     : "the means must be in [0, 1], the range of sigmoid",
             mean);
    const double inside = std::clamp(place, margin, 1 - margin);
    const double logit = std::log(inside / (1 - inside));
    return is_tanh ? logit / 2 : logit;  // tanh(x) = 2 sigmoid(2 x) - 1
}
}  // namespace detail

namespace detail {
/// Compiled once for all networks.
template <class T, class D>
void initialize_output_bias(const std::vector<core::ParameterInfo>& parameters, core::Buffer<T, D>& buffer,
                            std::span<const double> means, contracts::ActivationKind activation,
                            double margin) {
    if (math::is_nan(margin) || margin <= 0 || margin >= 0.5)
        fail("initialize_output_bias", "margin must be in (0, 0.5)", margin);
    if (parameters.empty() || parameters.back().role != Role::bias)
        fail("initialize_output_bias", "the network's last parameter must be a bias");
    const core::ParameterInfo& bias = parameters.back();
    if (bias.extents.size() != means.size())
        fail("initialize_output_bias", "there must be one mean per output", means.size(), " for ",
             bias.extents.size());

    std::vector<T> numbers(means.size());
    std::transform(means.begin(), means.end(), numbers.begin(),
                   [&](double mean) { return static_cast<T>(inverse_activation(activation, mean, margin)); });
    buffer.device().memory().copy_from_host(buffer.data() + bias.offset, numbers.data(),
                                            numbers.size() * sizeof(T));
    buffer.overwritten();
}
}  // namespace detail

/// Sets the last layer's bias to f^-1(means), f = `activation` of the output, so that a zero input to that
/// layer gives the data's means; a generator then need not first learn that most of an image is black. The
/// means are first moved away from the ends of f's range by `margin` times its width, since a value that is
/// the same in all samples would give an infinite bias. Errors: a network whose last parameter is not a bias
/// of means.size() values; activations other than sigmoid and tanh; means outside the activation's range; a
/// margin outside (0, 0.5). Source: Goodfellow's code for "Generative adversarial nets" (2014), mnist.yaml:
/// pylearn2's init_sigmoid_bias_from_marginals.
template <class Net>
void initialize_output_bias(Net& network, std::span<const double> means, contracts::ActivationKind activation,
                            double margin = 0.01) {
    detail::initialize_output_bias(Net::Architecture::parameters(), network.parameters(), means, activation,
                                   margin);
}

}  // namespace gantry
