#pragma once
#include <gantry/core/shape.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tuple>

namespace gantry {

namespace core {
/// A string literal as a template argument.
template <std::size_t size>
struct Name {
    char text[size];  ///< with its final zero
    /// Copies the literal.
    constexpr Name(const char (&literal)[size]) {
        std::copy_n(literal, size, text);
    }  // NOLINT: implicit by design
};
}  // namespace core

/// Role of a parameter in its layer. Initialisers choose by it.
enum class Role {
    weight,
    bias,
    scale,
    shift,
    embedding,
    running_mean,
    running_variance,
    direction  ///< a vector of length 1: of a power iteration
};

namespace core {
/// Memory layout of a parameter in a checkpoint file, which follows PyTorch.
enum class FileOrder {
    unknown,         ///< default of tensors of rank 2 and more; these cannot be saved
    as_in_memory,    ///< same layout as in memory
    transposed,      ///< a matrix (in, out) in memory, (out, in) in a file
    channels_first,  ///< convolution weights: (height, width, in, out) in memory, (out, in, height, width) in
                     ///< a file
    inputs,  ///< a value for each input of one output: (in) or (height, width, in) in memory, the vector (in)
             ///< or (in * height * width) in a file
};

/// Compile-time description of a parameter or state of a layer. Vectors have the same layout in a file as in
/// memory; tensors of higher rank must name a FileOrder to be saved.
template <Name parameter_name, class S, Role parameter_role, int parameter_fan_in = 0,
          int parameter_fan_out = 0,
          FileOrder order = S::rank < 2 ? FileOrder::as_in_memory : FileOrder::unknown>
struct Parameter {
    using shape = S;                                          ///< without Batch
    static constexpr const char* name = parameter_name.text;  ///< in the layer, as in PyTorch
    static constexpr Role role = parameter_role;              ///< what initialisers choose by
    static constexpr int fan_in = parameter_fan_in,
                         fan_out = parameter_fan_out;  ///< inputs per output; outputs per input; 0: unknown
    static constexpr FileOrder file_order = order;     ///< layout in files
    /// The same parameter with another name.
    template <Name another>
    using WithName = Parameter<another, S, parameter_role, parameter_fan_in, parameter_fan_out, order>;
    /// The same parameter with another fan_out.
    template <int another>
    using WithFanOut = Parameter<parameter_name, S, parameter_role, parameter_fan_in, another, order>;
};

/// What Parameter<...> says, as values.
struct ParameterConstants {
    const char* name;             ///< in the layer
    Role role;                    ///< what initialisers choose by
    Extents extents;              ///< as in memory
    int fan_in = 0, fan_out = 0;  ///< see Parameter
    FileOrder file_order;         ///< layout in files
};
/// All parameters or all states of a layer, stored contiguously in the network's buffer.
template <class... P>
struct ParameterList {
    /// What they are, in order.
    static constexpr std::array<ParameterConstants, sizeof...(P)> constants{
        ParameterConstants{P::name, P::role, P::shape::extents(0), P::fan_in, P::fan_out, P::file_order}...};
    static constexpr std::size_t count = sizeof...(P);                      ///< number of tensors
    static constexpr std::size_t size = (P::shape::sample_size + ... + 0);  ///< total number of elements
    /// Shape of tensor i.
    template <std::size_t i>
    using Shape = typename std::tuple_element_t<i, std::tuple<P...>>::shape;
    /// Offset of tensor i, in elements.
    template <std::size_t i>
    static constexpr std::size_t offset = [] {
        const std::array<std::size_t, count> sizes{P::shape::sample_size...};
        std::size_t sum = 0;
        for (std::size_t k = 0; k != i; ++k) sum += sizes[k];
        return sum;
    }();
};

/// Describes an axis whose features are a flattened image. Images are channels-last here and channels-first
/// in PyTorch, so feature (pixel, channel) is stored as (channel, pixel) in a file. {1, 1}: no reordering.
struct FlatImage {
    int pixels = 1, channels = 1;  ///< extents of the image

    bool operator==(const FlatImage&) const = default;
};

/// Run-time description of a parameter, for code that is not compiled per network: initialisers, checkpoints,
/// tables.
struct ParameterInfo {
    std::string name;       ///< as in PyTorch's state_dict of the same nn.Sequential: "2.weight", "0.1.bias"
    std::size_t layer = 0;  ///< index of the layer in the outermost Sequential or struct
    std::size_t leaf = 0;   ///< index of the layer, counting those of nested Sequentials one by one
    Role role = Role::weight;                        ///< what initialisers choose by
    Extents extents;                                 ///< as in memory
    int fan_in = 0, fan_out = 0;                     ///< see Parameter
    FileOrder file_order = FileOrder::as_in_memory;  ///< layout in files
    std::size_t offset = 0;                          ///< in the network's buffer, in elements
    FlatImage inputs{}, outputs{};  ///< of a matrix, or (outputs) of a vector; see feature_orders
};
}  // namespace core

}  // namespace gantry
