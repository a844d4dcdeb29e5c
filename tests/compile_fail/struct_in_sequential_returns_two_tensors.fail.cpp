// expect: a network struct in a Sequential must return one tensor
// expect: StructReturnsTensor<
// max-errors: 1
// trains: Net
#include <gantry/gantry.hpp>

using namespace gantry;
#include <utility>

struct Pair {
    Dense<3, 4> a;

    auto operator()(const auto& x) const { return std::pair{a(x), x}; }
};
using Net = Sequential<Dense<2, 3>, Pair, Dense<4, 1>>;
