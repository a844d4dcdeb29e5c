#pragma once
#include <gantry/layers/reshape.hpp>

#include <cstddef>
#include <string>

namespace gantry {

/// Says what a network takes, where its first layer does not: `Sequential<InputShape<32, 32, 3>, ...>`.
template <int... extents>
struct InputShape : detail::ItemLayer<extents...> {
    using Input = typename InputShape::Items;
    static constexpr std::size_t pytorch_modules = 0;
    static std::string name() { return "Input"; }
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return x;
    }
};

}  // namespace gantry
