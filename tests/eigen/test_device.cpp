#include "support/catch.hpp"
#include "support/eigen_kernels.hpp"
#include "support/numbers.hpp"
#include <gantry/eigen.hpp>

using namespace gantry;
using namespace gantry::test;

TEST_CASE("Ops ask the device, whose answers are declared after them, what it can fuse", "[eigen]") {
    EigenCpu eigen;
    Cpu cpu;
    const auto fuses = [](auto& device) {
        const auto x = filled<Shape<4>>(device, 0, 1).value();
        device.tape().record(false);  // as in a backward pass
        const auto operand = ops::pass_activation<contracts::ActivationKind::sigmoid>({}, 0, x, x);
        device.tape().record(true);
        return operand.activation.outputs != nullptr;
    };
    CHECK(fuses(eigen));
    CHECK_FALSE(fuses(cpu));
}

TEST_CASE("EigenCpu draws Cpu's random numbers", "[eigen]") {
    Cpu cpu;
    EigenCpu eigen;
    const auto draw = [](auto& device, const auto& f) {
        RandomStream stream(Seed{5}, "numbers");
        stream.take(100);
        return f(device, stream).to_host();
    };
    const auto uniform_numbers = [](auto& device, RandomStream& stream) {
        return uniform<Shape<Batch, 7>>(device, 31, stream, -1, 3);
    };
    CHECK(same_bits(draw(cpu, uniform_numbers), draw(eigen, uniform_numbers)));
    const auto dropped = [](auto& device, RandomStream& stream) {
        return dropout(filled<Shape<Batch, 7>>(device, 31, 1.7), 0.3, stream);
    };
    CHECK(same_bits(draw(cpu, dropped), draw(eigen, dropped)));
    const auto normal_numbers = [](auto& device, RandomStream& stream) {
        return normal<Shape<Batch, 7>>(device, 31, stream);
    };
    CHECK(largest_error(draw(cpu, normal_numbers), draw(eigen, normal_numbers)) < 1e-6);
}
