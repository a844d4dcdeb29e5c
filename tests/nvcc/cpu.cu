// Invalid: nvcc cannot compile the CPU kernels. The first error must explain this.
#include <gantry/gantry.hpp>

int main() {
    gantry::Cpu device;
    gantry::Network<gantry::Sequential<gantry::Dense<3, 1>>, gantry::Cpu> network{device, gantry::Seed{1}};
}
