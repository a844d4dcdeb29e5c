#include <gantry/gantry.hpp>

using namespace gantry;
struct Critic {
    Dense<12, 1> dense;

    auto operator()(const auto& x) const { return dense(x); }
    void initialize(const auto& set) const { set(dense, Role::weight, Normal{}); }
};
void train(Cpu& device) { Network<Critic, Cpu> network{device, Seed{1}}; }
