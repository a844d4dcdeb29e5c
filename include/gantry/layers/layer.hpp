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

namespace gantry {

// A layer is a type without state. It names
//   Parameters, State         ParameterLists: what is learned, and what is not (running statistics)
//   Input                     the shape that it takes, or AnyShape
//   features                  where Input is AnyShape: the last extent that it takes, 0 for any
//   Output<X>                 the shape that it makes of shape X
//   flops<X>, stored<X>       for each item of a batch: operations of a forward pass, numbers that its result
//                             holds
//   name()                    for tables
//   forward(pass, x, parameters..., states...)   the computation, in ops
// and may name
//   activation                it is this activation and nothing else: a layer before it may apply it
//   fuses_activation = true   it applies Pass::activation itself
//   keeps_shape = true        it makes of any shape the same one: what a network takes may be told from a
//                             layer after it
//   feature_order             for files: see FeatureOrder
//   pytorch_modules           how many modules of PyTorch's nn.Sequential it stands for, where not one
//   Valid                     whether its template arguments make sense: a StaticCheck
//   Fit<index, X>             where Input and features do not say all: whether it takes shape X, see fit.hpp

/// What a layer does to the order of features, which differs from PyTorch's in a flattened image: files of
/// networks in which that matters need to know. What a layer does to the pixels of images is its own matter.
enum class FeatureOrder {
    unknown,  ///< files can be had where its input and output have PyTorch's order
    kept,     ///< feature i of the result belongs to feature i of the input, as do vectors of parameters:
              ///< activations, batch norm. What keeps_shape is this, if it has no parameters
    view,     ///< the same numbers in memory: Flatten
    free,     ///< parameters connect each input with each output, so that both may be in any order: Dense.
           ///< They are matrices (inputs, outputs), FileOrder::transposed, and vectors that go with outputs
    own,  ///< the result has PyTorch's order, whatever the input: channels, as GlobalAvgPool2d has them
};

/// What a layer is told about the pass that it is part of.
template <bool is_training, Activation next = Activation{}>
struct Pass {
    static constexpr bool training = is_training;
    static constexpr Activation activation = next;  ///< to be applied to the result, in the same kernel
    RandomStream* dropout;

    template <Activation a>
    Pass<is_training, a> with() const {
        return {dropout};
    }
};

/// What layers have in common that change no shape and have no parameters.
struct PlainLayer {
    using Parameters = ParameterList<>;
    using State = ParameterList<>;
    using Input = AnyShape;
    static constexpr int features = 0;
    template <class X>
    using Output = X;
    template <class X>
    static constexpr std::size_t flops = X::sample_size;
    template <class X>
    static constexpr std::size_t stored = X::sample_size;
};

namespace detail {
/// A number as a template argument of a layer, which may be written as 0.2, 0.2f or 1: 0.2 is 0.2f.
struct Real {
    float value;

    constexpr Real(float number) : value(number) {}                       // NOLINT: meant to convert
    constexpr Real(double number) : value(static_cast<float>(number)) {}  // NOLINT: meant to convert
    constexpr Real(int number) : value(static_cast<float>(number)) {}     // NOLINT: meant to convert
};

/// Something with what a layer must name.
template <class L>
concept AnyLayer = requires {
    typename L::Parameters;
    typename L::State;
    typename L::Input;
    L::features;
};

/// 0.2f as "0.2".
inline std::string short_number(float number) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.begin(), digits.end(), number, std::chars_format::general, 6).ptr;
    return {digits.begin(), end};
}
}  // namespace detail

template <class L>
concept ActivationLayer = requires {
    L::activation;
};
template <class L>
concept KeepsShape = requires {
    requires L::keeps_shape;
};
/// What a layer says about the order of features.
template <class L>
inline constexpr FeatureOrder feature_order_of =
    KeepsShape<L>&& L::Parameters::count + L::State::count == 0 ? FeatureOrder::kept : FeatureOrder::unknown;
template <class L>
requires requires { L::feature_order; }
inline constexpr FeatureOrder feature_order_of<L> = L::feature_order;
template <class L>
inline constexpr std::size_t pytorch_modules_of = 1;
template <class L>
requires requires { L::pytorch_modules; }
inline constexpr std::size_t pytorch_modules_of<L> = L::pytorch_modules;
template <class L>
concept FusesActivation = requires {
    requires L::fuses_activation;
};

}  // namespace gantry
