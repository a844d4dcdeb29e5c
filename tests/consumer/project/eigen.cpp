#include <gantry/eigen.hpp>

int main() {
    gantry::EigenCpu device;
    const auto x = gantry::filled<gantry::Shape<2, 3>>(device, 0, 1);
    return gantry::sum(gantry::matmul(x, gantry::filled<gantry::Shape<3, 4>>(device, 0, 2))).item() == 48 ? 0
                                                                                                          : 1;
}
