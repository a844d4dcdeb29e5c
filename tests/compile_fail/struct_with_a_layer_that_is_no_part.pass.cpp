#include <gantry/gantry.hpp>

using namespace gantry;

struct Half : layers::PlainLayer, layers::Part<Half> {
    static std::string name() { return "Half"; }
    template <class P, class X>
    static auto forward(const P&, const X& x) {
        return 0.5 * x;
    }
};
struct Net {
    Half half;
    Conv2d<3, 8, Conv2dOptions{.size = 3}> conv;

    auto operator()(const auto& x) const { return conv(half(x)); }
};

auto use() {
    Cpu device;
    Network<Net, Cpu> network{device, Seed{1}};
    const Step step{device};
    const auto x = filled<Shape<Batch, 8, 8, 3>>(device, 2, 1);
    return network(x).to_host();
}
