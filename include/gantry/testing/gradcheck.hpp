#pragma once
#include <gantry/autograd/backward.hpp>
#include <gantry/core/device.hpp>
#include <gantry/ops/sum.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace gantry {

struct GradcheckOptions {
    int batch = 3;               ///< items, where a shape has a Batch
    double low = -1, high = 1;   ///< inputs are uniform in [low, high)
    double step = 1e-6;          ///< of the central differences
    double tolerance = 1e-6;     ///< largest difference, relative to 1 + the largest gradient
    std::size_t elements = 300;  ///< checked at most, of each input, spread evenly
    Seed seed{1};
};

/// Whether a check passed, and where it did not, what was found: `REQUIRE(result.passed)` after
/// `INFO(result.message)`.
struct GradcheckResult {
    bool passed = true;
    std::string message;
};

namespace detail {

/// Numbers of the host for tests: uniform, the same on every machine.
inline std::vector<double> random_numbers(std::size_t size, std::uint64_t number,
                                          const GradcheckOptions& options, double low, double high) {
    const RandomStream stream(options.seed, "gradcheck");
    std::vector<double> result(size);
    for (std::size_t i = 0; i < size; ++i)
        result[i] = low + (high - low) * stream.block((number << 32) + i)[0] * 0x1p-32;
    return result;
}

/// Fills all memory with NaN while it lives, so that what a kernel does not write shows.
template <class D>
class Poisoned {
public:
    explicit Poisoned(D& device) : device_(device), before_(device.arena().poisoned()) {
        device.arena().poison(true);
    }
    Poisoned(const Poisoned&) = delete;
    Poisoned& operator=(const Poisoned&) = delete;
    ~Poisoned() { device_.arena().poison(before_); }

private:
    D& device_;
    bool before_;
};

/// A function with its inputs as numbers on the host.
template <class D, class F, class... S>
class FunctionOnHost {
public:
    using Inputs = std::array<std::vector<double>, sizeof...(S)>;
    template <class X>
    using VariableOf = Variable<X, double, D>;

    FunctionOnHost(D& device, const F& f, const GradcheckOptions& options)
        : device_(device), f_(f), options_(options) {}

    Inputs random_inputs() const {
        std::uint64_t number = 0;
        return {random_numbers(S::size(options_.batch), number++, options_, options_.low, options_.high)...};
    }
    /// sum over i of y[i] weight[i], a scalar that has every y[i] in it with a weight of its own.
    double weighted_sum(const Inputs& inputs) const {
        Step step{device_};
        const std::vector<double> y = std::apply(f_, variables(inputs)).to_host();
        const std::vector<double> weights = weights_for(y.size());
        double sum = 0;
        for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * weights[i];
        return sum;
    }
    Inputs gradients(const Inputs& inputs) const {
        Step step{device_};
        const auto x = variables(inputs);
        const auto y = std::apply(f_, x);
        using Y = typename decltype(y)::shape;
        const auto weights = from_host<Y>(device_, y.value().extents.first(), weights_for(y.size()));
        const auto all = grad(sum(y * weights), x, {.allow_unused = true});
        return std::apply([](const auto&... g) { return Inputs{g.to_host()...}; }, all);
    }

private:
    std::vector<double> weights_for(std::size_t size) const {
        return random_numbers(size, 1000, options_, 0.5, 1.5);
    }
    std::tuple<VariableOf<S>...> variables(const Inputs& inputs) const {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return std::tuple<VariableOf<S>...>{
                variable(from_host<S>(device_, options_.batch, inputs[I]))...};
        }
        (std::index_sequence_for<S...>{});
    }

    D& device_;
    const F& f_;
    const GradcheckOptions& options_;
};

}  // namespace detail

/// Compares the derivative of f with central differences, in double, at random inputs of shapes S...:
///     gradcheck<Shape<Batch, 3>, Shape<3, 4>>(device, [](auto x, auto w) { return matmul(x, w); })
/// f takes Variables and gives a Variable of any shape; all elements of its result take part with random
/// weights. The device's memory is filled with NaN before use. No step of the device may be open.
template <class... S, class D, class F>
GradcheckResult gradcheck(D& device, const F& f, const GradcheckOptions& options = {}) {
    const detail::Poisoned<D> poisoned(device);
    const detail::FunctionOnHost<D, F, S...> function(device, f, options);
    auto inputs = function.random_inputs();
    const auto gradients = function.gradients(inputs);

    GradcheckResult result;
    std::ostringstream message;
    double largest = 0;
    for (const auto& gradient : gradients)
        for (const double g : gradient) largest = std::max(largest, std::abs(g));
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::size_t stride = std::max<std::size_t>(1, inputs[k].size() / options.elements);
        for (std::size_t i = 0; i < inputs[k].size(); i += stride) {
            const double x = inputs[k][i];
            inputs[k][i] = x + options.step;
            const double up = function.weighted_sum(inputs);
            inputs[k][i] = x - options.step;
            const double down = function.weighted_sum(inputs);
            inputs[k][i] = x;
            const double difference = (up - down) / (2 * options.step);
            const double error = std::abs(difference - gradients[k][i]);
            if (!(error <= options.tolerance * (1 + largest))) {  // NaN fails too
                if (result.passed)
                    message << "input " << k << ", element " << i << ": gradient " << gradients[k][i]
                            << ", central difference " << difference << ", largest gradient " << largest;
                result.passed = false;
            }
        }
    }
    result.message = message.str();
    return result;
}

/// Compares the second derivatives of f: checks the function that computes f's gradients, in its inputs and
/// in the upstream gradient.
template <class... S, class D, class F>
GradcheckResult gradgradcheck(D& device, const F& f, const GradcheckOptions& options = {}) {
    using Y = typename decltype(f(std::declval<Variable<S, double, D>>()...))::shape;
    const auto gradients_of_f = [&](const Variable<S, double, D>&... x,
                                    const Variable<Y, double, D>& upstream) {
        const auto gradients =
            grad(sum(f(x...) * upstream), std::tuple{x...}, {.create_graph = true, .allow_unused = true});
        std::uint64_t number = 2000;
        const auto weighted = [&](const auto& gradient) {
            using X = typename std::remove_cvref_t<decltype(gradient)>::shape;
            const auto weights = detail::random_numbers(gradient.size(), number++, options, 0.5, 1.5);
            return sum(gradient * from_host<X>(device, options.batch, weights));
        };
        return std::apply([&](const auto&... gradient) { return (weighted(gradient) + ...); }, gradients);
    };
    return gradcheck<S..., Y>(device, gradients_of_f, options);
}

}  // namespace gantry
