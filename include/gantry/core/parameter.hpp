#pragma once
#include <gantry/core/shape.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

namespace gantry {

/// A name as a template argument.
template <std::size_t size>
struct Name {
    char text[size];
    constexpr Name(const char (&literal)[size]) {
        std::copy_n(literal, size, text);
    }  // NOLINT: meant to convert
};

/// What a parameter is to its layer; initialisers choose by it.
enum class Role { weight, bias, scale, shift, running_mean, running_variance };

/// How a parameter's numbers are ordered in a file, where that is PyTorch's layout.
enum class FileOrder {
    unknown,  ///< what a tensor with two extents or more has that names no other: it cannot be saved
    as_in_memory,
    transposed,      ///< of a matrix
    channels_first,  ///< of a convolution: (height, width, in, out) in memory, (out, in, height, width) in a
                     ///< file
};

/// One parameter (or one state) of a layer.
/// A vector is in a file as it is in memory; whatever has more extents says its order.
/// fan_in, fan_out: how many inputs an output depends on and the reverse, for initialisers; 0: not asked for.
template <Name parameter_name, class S, Role parameter_role, int parameter_fan_in = 0,
          int parameter_fan_out = 0,
          FileOrder order = S::rank<2 ? FileOrder::as_in_memory : FileOrder::unknown> struct Parameter {
    using shape = S;
    static constexpr const char* name = parameter_name.text;
    static constexpr Role role = parameter_role;
    static constexpr int fan_in = parameter_fan_in, fan_out = parameter_fan_out;
    static constexpr FileOrder file_order = order;
    template <int another>
    using WithFanOut = Parameter<parameter_name, S, parameter_role, parameter_fan_in, another, order>;
};

/// All parameters (or states) of a layer, one after the other in the network's buffer.
template <class... P>
struct ParameterList {
    static constexpr std::size_t count = sizeof...(P);                      ///< tensors
    static constexpr std::size_t size = (P::shape::sample_size + ... + 0);  ///< numbers
    template <std::size_t i>
    using Shape = typename std::tuple_element_t<i, std::tuple<P...>>::shape;
    template <std::size_t i>
    static constexpr std::size_t offset = [] {
        const std::array<std::size_t, count> sizes{P::shape::sample_size...};
        std::size_t sum = 0;
        for (std::size_t k = 0; k != i; ++k) sum += sizes[k];
        return sum;
    }();
};

/// An axis whose features are those of a flattened image. Images are channels-last here and channels-first in
/// PyTorch, so that feature (pixel, channel) is (channel, pixel) in a file. {1, 1}: the order is the same.
struct FlatImage {
    int pixels = 1, channels = 1;

    bool operator==(const FlatImage&) const = default;
};

/// A parameter as a value: for initialisers, files and tables, which are not compiled for each network.
struct ParameterInfo {
    std::string name;       ///< as in PyTorch's state_dict of the same nn.Sequential: "2.weight", "0.1.bias"
    std::size_t layer = 0;  ///< index of its layer in the outermost Sequential
    std::size_t leaf = 0;   ///< index of its layer where layers of nested Sequentials are counted one by one
    Role role = Role::weight;
    Extents extents;  ///< as in memory
    int fan_in = 0, fan_out = 0;
    FileOrder file_order = FileOrder::as_in_memory;
    std::size_t offset = 0;  ///< in the network's buffer
    FlatImage inputs{},
        outputs{};  ///< of a matrix's two extents, or (outputs) of a vector; see feature_orders
};

template <class... P>
void append_parameters(std::vector<ParameterInfo>& list, const std::string& prefix,
                       [[maybe_unused]] std::size_t offset, [[maybe_unused]] std::size_t leaf,
                       ParameterList<P...>) {
    ((list.push_back({prefix + P::name, 0, leaf, P::role, P::shape::extents(0), P::fan_in, P::fan_out,
                      P::file_order, offset}),
      offset += P::shape::sample_size),
     ...);
}

}  // namespace gantry
