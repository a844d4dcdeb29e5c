// expect: the functor of an elementwise op is trivially copyable and has a name
// max-errors: 1
#include <gantry/gantry.hpp>

#include <string_view>

using namespace gantry;
struct Cube {
    static constexpr std::string_view name = "cube";
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V x) const {
        return x * x * x;
    }
};
void use(const Tensor<Shape<Batch, 8>, float, Cpu>& x) { const auto y = elementwise(Cube{}, x); }
