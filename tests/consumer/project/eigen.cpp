#include <gantry/eigen.hpp>

int main() {
    gantry::EigenCpu device;
    const auto x = gantry::filled<gantry::Shape<2, 3>>(device, 0, 1);
    return static_cast<int>(gantry::sum(x).item()) == 6 ? 0 : 1;
}
