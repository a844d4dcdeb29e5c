#pragma once
#include <gantry/contracts/activation.hpp>
#include <gantry/core/parameter.hpp>
#include <gantry/core/random.hpp>
#include <gantry/core/shape.hpp>
#include <gantry/tensor/variable.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <string>

// clang-format off
/// @addtogroup layers
/// A layer is a stateless type with these members:
///     Parameters, State        ParameterLists: learned parameters; other state, such as running statistics
///     Input                    input shape, or AnyShape
///     features                 required last extent if Input is AnyShape, 0 for any
///     name()                   text for summary() and for comparing architectures in checkpoints
///     forward(pass, x, parameters..., states...)
///                              the computation, written in ops
/// Optional members:
///     activation               the layer only applies this activation, so the layer before it may fuse it
///     fuses_activation = true  forward applies Pass::activation itself
///     Output<X>                shape of the result for an input of shape X; by default, the forward pass tells
///     keeps_shape = true       the output always has the input's shape, so the network's input shape may be
///                              inferred from a later layer
///     feature_order            order of the features in files: see FeatureOrder
///     pytorch_modules          number of modules of PyTorch's nn.Sequential it corresponds to; default 1
///     takes_integers = true    the input is a tensor of integers: Embedding
///     Valid                    StaticCheck of the template arguments
///     Fit<index, X>            StaticCheck that it takes X if Input and features do not suffice: see fit.hpp
///     output_axis              axis of the weight that belongs to the outputs, if it is not the last: see weight.hpp
///     Widened<n>               the same layer with n times the outputs; Maxout requires it
///     Part<Self>, a base       the layer can be a member of a network struct: see part.hpp
///     NestedTag                marks a container, as Sequential, whose forward takes (pass, cursor, x)
// clang-format on

namespace gantry {

namespace layers {
// clang-format off
/// How a layer treats the order of features. In a flattened image that order differs from PyTorch's, so files
/// need to know it; see feature_order.hpp. It describes vectors only, not the pixels of images.
enum class FeatureOrder {
    unknown,  ///< the default: a file needs the layer's input and output to have PyTorch's order
    kept,     ///< feature i of the output, and element i of each parameter vector, belong to feature i of the
              ///< input: activations, batch norm. The default for keeps_shape without parameters and state
    view,     ///< the same elements in memory: Flatten
    free,     ///< parameters connect every input with every output, so both may be permuted: Dense. They are
              ///< matrices (inputs, outputs) with FileOrder::transposed, and vectors over the outputs
    own,      ///< the output has PyTorch's order for any input: the channels of GlobalAvgPool2d
};
// clang-format on

/// The forward pass that a layer is part of.
template <bool is_training, class SumType, contracts::Activation next = contracts::Activation{}>
struct Pass {
    using Sum = SumType;                           ///< scalar of sums: see Scalars
    static constexpr bool training = is_training;  ///< batch statistics and dropout
    static constexpr contracts::Activation activation =
        next;               ///< to fuse: applied to the result in the same kernel
    RandomStream* dropout;  ///< random numbers for dropout masks

    /// The same pass with activation `a`.
    template <contracts::Activation a>
    Pass<is_training, Sum, a> with() const {
        return {dropout};
    }
};

/// Base of layers without parameters.
struct PlainLayer {
    using Parameters = core::ParameterList<>;
    using State = core::ParameterList<>;
    using Input = core::AnyShape;
    static constexpr int features = 0;
};
}  // namespace layers

namespace detail {
/// The number with the fewest decimals that rounds to `number`: 0.2 for 0.2f.
constexpr double fewest_decimals(float number) {
    for (double scale = 1; scale < 1e9; scale *= 10) {
        const double scaled = number * scale;
        if (scaled > 1e15 || scaled < -1e15) break;
        const double rounded =
            static_cast<double>(static_cast<long long>(scaled + (scaled < 0 ? -0.5 : 0.5))) / scale;
        if (static_cast<float>(rounded) == number) return rounded;
    }
    return number;
}
/// A real template argument of a layer: 0.2 and 0.2f name the same type.
struct Real {
    double value;

    constexpr Real(float number) : value(fewest_decimals(number)) {}  // NOLINT: meant to convert
    constexpr Real(double number) : value(number) {}                  // NOLINT: meant to convert
    constexpr Real(int number) : value(number) {}                     // NOLINT: meant to convert
};

/// A type with the required members of a layer (those that do not depend on the input shape).
template <class L>
concept AnyLayer = requires {
    typename L::Parameters;
    typename L::State;
    typename L::Input;
    L::features;
};

/// 0.2f as "0.2".
inline std::string short_number(double number) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), number, std::chars_format::general, 6).ptr;
    return {digits.begin(), end};
}
}  // namespace detail

namespace layers {
/// A layer that only applies an activation, L::activation.
template <class L>
concept ActivationLayer = requires { L::activation; };
/// A layer whose output always has the shape of its input.
template <class L>
concept KeepsShape = requires { requires L::keeps_shape; };
/// The layer's FeatureOrder, or its default; see FeatureOrder.
template <class L>
inline constexpr FeatureOrder feature_order_of =
    KeepsShape<L> && L::Parameters::count + L::State::count == 0 ? FeatureOrder::kept : FeatureOrder::unknown;
template <class L>
    requires requires { L::feature_order; }
inline constexpr FeatureOrder feature_order_of<L> = L::feature_order;
/// Number of modules of PyTorch's nn.Sequential that the layer corresponds to.
template <class L>
inline constexpr std::size_t pytorch_modules_of = 1;
template <class L>
    requires requires { L::pytorch_modules; }
inline constexpr std::size_t pytorch_modules_of<L> = L::pytorch_modules;
/// True for a layer whose input is a tensor of integers.
template <class L>
inline constexpr bool takes_integers = requires { requires L::takes_integers; };
/// The axis of a layer's weight that belongs to its outputs; negative axes count from the last one, -1.
template <class L>
inline constexpr int output_axis_of = -1;
template <class L>
    requires requires { L::output_axis; }
inline constexpr int output_axis_of<L> = L::output_axis;
/// A layer that applies Pass::activation in its own kernel.
template <class L>
concept FusesActivation = requires { requires L::fuses_activation; };
}  // namespace layers

}  // namespace gantry
