#pragma once
#include <gantry/layers/reshape.hpp>

#include <cstddef>
#include <string>

namespace gantry {

/// Declares the network's input shape if the first layer does not determine it:
/// `Sequential<InputShape<32, 32, 3>, ...>`. The identity.
template <int... extents>
struct InputShape : detail::SampleLayer<extents...> {
    using Input = typename InputShape::Items;
    static constexpr std::size_t pytorch_modules = 0;
    static std::string name() { return "Input"; }
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return x;
    }
};

}  // namespace gantry
