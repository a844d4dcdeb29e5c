#include <gantry/gantry.hpp>

using namespace gantry;
#include <utility>

struct Pair {
    Dense<3, 4> a;

    auto operator()(const auto& x) const { return a(x); }
};
using Net = Sequential<Dense<2, 3>, Pair, Dense<4, 1>>;
