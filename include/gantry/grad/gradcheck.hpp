#pragma once
#include <gantry/core/device.hpp>
#include <gantry/core/math.hpp>
#include <gantry/grad/backward.hpp>
#include <gantry/ops/sum.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <locale>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace gantry {

namespace ops {
/// Options of gradcheck and gradgradcheck.
struct GradcheckOptions {
    int batch = 3;               ///< batch size, for shapes with a Batch
    double low = -1, high = 1;   ///< inputs are uniform in [low, high)
    double step = 1e-6;          ///< of the central differences
    double tolerance = 1e-6;     ///< largest allowed difference, relative to 1 + the largest gradient
    std::size_t elements = 300;  ///< elements checked per input at most, spread evenly
    Seed seed{1};                ///< of the random inputs and weights
};

/// Result of a check; `message` describes the first mismatch. In a test: `INFO(result.message)`, then
/// `REQUIRE(result.passed)`.
struct GradcheckResult {
    bool passed = true;   ///< no mismatch
    std::string message;  ///< empty if it passed
};
}  // namespace ops

namespace detail {
/// Uniform numbers for tests, generated on the host: determined by the seed, up to rounding.
inline std::vector<double> random_numbers(std::size_t size, std::uint64_t number,
                                          const ops::GradcheckOptions& options, double low, double high) {
    const RandomStream stream(options.seed, "gradcheck");
    std::vector<double> result(size);
    for (std::size_t i = 0; i < size; ++i)
        result[i] = low + (high - low) * stream.block((number << 32) + i)[0] * 0x1p-32;
    return result;
}

/// Poisons the arena with NaN during its lifetime, to expose elements that a kernel does not write.
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

/// A function of tensors without shapes in its type, so that the checks are compiled once per device.
template <class T, class D>
using ValueFunction = std::function<TensorRef<T, D>(const std::vector<TensorRef<T, D>>&)>;

/// Wraps f, which takes Variables of shapes S. f must outlive the result.
template <class T, class D, class... S, class F>
ValueFunction<T, D> without_shapes(const F& f) {
    return [&f](const std::vector<TensorRef<T, D>>& x) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) {
            return f(Variable<S, T, D>{x[i]}...).value();
        }(std::index_sequence_for<S...>{});
    };
}

/// Copies `numbers` to a new tensor of the step; a leaf of the tape if `recorded`.
template <class T, class D>
TensorRef<T, D> value_from_host(D& device, const core::Extents& extents, const std::vector<T>& numbers,
                                bool recorded) {
    TensorRef<T, D> value = core::allocate<T>(device, extents);
    device.memory().copy_from_host(value.data, numbers.data(), numbers.size() * sizeof(T));
    if (recorded) value.node = device.tape().template push<core::Node>();
    return value;
}
template <class T, class D>
std::vector<T> to_host(const TensorRef<T, D>& value) {
    std::vector<T> host(value.size());
    value.device->memory().copy_to_host(host.data(), value.data, host.size() * sizeof(T));
    return host;
}

/// Gradients of a scalar; zeros for inputs that it does not depend on.
template <class T, class D>
std::vector<TensorRef<T, D>> gradients_of(const TensorRef<T, D>& scalar,
                                          const std::vector<TensorRef<T, D>>& inputs, bool create_graph) {
    ops::play_back(scalar, {.recorded = create_graph, .write_through = false, .allow_unused = true},
                   [&](const core::Node& node) {
                       return std::any_of(inputs.begin(), inputs.end(),
                                          [&](const TensorRef<T, D>& x) { return x.node == &node; });
                   });
    std::vector<TensorRef<T, D>> gradients;
    for (const TensorRef<T, D>& x : inputs) gradients.push_back(ops::collected_gradient(x, true));
    return gradients;
}

/// Evaluates a function and its gradients for inputs given on the host.
template <class D>
class FunctionOnHost {
public:
    using Inputs = std::vector<std::vector<double>>;

    FunctionOnHost(D& device, const std::vector<core::Extents>& shapes, const ValueFunction<double, D>& f,
                   const ops::GradcheckOptions& options)
        : device_(device), shapes_(shapes), f_(f), options_(options) {}

    Inputs random_inputs() const {
        Inputs inputs;
        for (const core::Extents& shape : shapes_)
            inputs.push_back(
                random_numbers(shape.size(), inputs.size(), options_, options_.low, options_.high));
        return inputs;
    }
    core::Extents result_shape() const {
        const Step step{device_};
        return f_(variables(random_inputs())).extents;
    }
    /// sum over i of y[i] weight[i]: a scalar to which each y[i] contributes with a different weight.
    double weighted_sum(const Inputs& inputs) const {
        const Step step{device_};
        const std::vector<double> y = to_host(f_(variables(inputs)));
        const std::vector<double> weights = weights_for(y.size());
        double sum = 0;
        for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * weights[i];
        return sum;
    }
    Inputs gradients(const Inputs& inputs) const {
        const Step step{device_};
        const auto x = variables(inputs);
        const auto y = f_(x);
        const auto weights = value_from_host(device_, y.extents, weights_for(y.size()), false);
        Inputs all;
        for (const auto& gradient : gradients_of(ops::sum_all(y * weights), x, false))
            all.push_back(to_host(gradient));
        return all;
    }

private:
    std::vector<double> weights_for(std::size_t size) const {
        return random_numbers(size, 1000, options_, 0.5, 1.5);
    }
    std::vector<TensorRef<double, D>> variables(const Inputs& inputs) const {
        std::vector<TensorRef<double, D>> all;
        for (std::size_t i = 0; i < inputs.size(); ++i)
            all.push_back(value_from_host(device_, shapes_[i], inputs[i], true));
        return all;
    }

    D& device_;
    const std::vector<core::Extents>& shapes_;
    const ValueFunction<double, D>& f_;
    const ops::GradcheckOptions& options_;
};

template <class D>
ops::GradcheckResult gradcheck(D& device, const std::vector<core::Extents>& shapes,
                               const ValueFunction<double, D>& f, const ops::GradcheckOptions& options) {
    const Poisoned<D> poisoned(device);
    const FunctionOnHost<D> function(device, shapes, f, options);
    auto inputs = function.random_inputs();
    const auto gradients = function.gradients(inputs);

    ops::GradcheckResult result;
    std::ostringstream message;
    message.imbue(std::locale::classic());
    double largest = 0;
    for (const auto& gradient : gradients)
        for (const double g : gradient) largest = std::max(largest, std::abs(g));
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::size_t size = inputs[k].size(), checked = std::min(size, options.elements);
        for (std::size_t n = 0; n < checked; ++n) {
            const std::size_t i = n * size / checked;  // uneven strides, so that all channels are checked
            const double x = inputs[k][i];
            inputs[k][i] = x + options.step;
            const double up = function.weighted_sum(inputs);
            inputs[k][i] = x - options.step;
            const double down = function.weighted_sum(inputs);
            inputs[k][i] = x;
            const double difference = (up - down) / (2 * options.step);
            const double error = std::abs(difference - gradients[k][i]);
            if (math::is_nan(error) || error > options.tolerance * (1 + largest)) {
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

template <class D>
ops::GradcheckResult gradgradcheck(D& device, std::vector<core::Extents> shapes,
                                   const ValueFunction<double, D>& f, const ops::GradcheckOptions& options) {
    const ValueFunction<double, D> gradients_of_f = [&](std::vector<TensorRef<double, D>> x) {
        const TensorRef<double, D> upstream = x.back();
        x.pop_back();
        TensorRef<double, D> total = core::allocate<double>(device, core::Extents{});
        launch(device, contracts::FillParameters<double>{1, total.data, 0});
        std::uint64_t number = 2000;
        for (const auto& gradient : gradients_of(ops::sum_all(f(x) * upstream), x, true)) {
            const auto weights = random_numbers(gradient.size(), number++, options, 0.5, 1.5);
            total =
                total + ops::sum_all(gradient * value_from_host(device, gradient.extents, weights, false));
        }
        return total;
    };
    shapes.push_back(FunctionOnHost<D>(device, shapes, f, options).result_shape());
    return gradcheck(device, shapes, gradients_of_f, options);
}
}  // namespace detail

/// Compares the gradients of f with central differences, in double, at random inputs of shapes S...:
///     gradcheck<Shape<Batch, 3>, Shape<3, 4>>(device, [](auto x, auto w) { return matmul(x, w); })
/// f takes Variables and returns a Variable of any shape; the check differentiates a randomly weighted sum of
/// the result. Device memory is filled with NaN before use. No Step of the device may be open.
template <class... S, class D, class F>
ops::GradcheckResult gradcheck(D& device, const F& f, const ops::GradcheckOptions& options = {}) {
    return detail::gradcheck(device, {S::extents(options.batch)...},
                             detail::without_shapes<double, D, S...>(f), options);
}

/// Checks second derivatives: runs gradcheck on the gradients of f, with respect to the inputs and the
/// upstream gradient.
template <class... S, class D, class F>
ops::GradcheckResult gradgradcheck(D& device, const F& f, const ops::GradcheckOptions& options = {}) {
    return detail::gradgradcheck(device, {S::extents(options.batch)...},
                                 detail::without_shapes<double, D, S...>(f), options);
}

}  // namespace gantry
