#pragma once
#include <gantry/init/distributions.hpp>
#include <gantry/layers/initial_values.hpp>

#include <cstddef>

namespace gantry {

/// Sets the initial values that the structs of a network declare; see layers::InitialValues. Those of an
/// inner struct come first, so that a struct can replace them. A Network does this when it is made, after
/// initialize_as_pytorch.
template <class Net>
void initialize_as_declared(Net& network, RandomStream& stream) {
    using T = typename Net::scalar;
    using D = typename Net::device_type;
    const auto infos = Net::Architecture::parameters();
    auto& buffer = network.parameters();
    const auto apply = [&]<class F>(std::size_t begin, std::size_t end, Role role, const F& initializer) {
        static_assert(core::Initializer<F, T, D>,
                      "gantry: an initialiser fills one parameter: Normal{0, 0.02}, or see "
                      "gantry/init/distributions.hpp");
        std::size_t count = 0;
        for (const core::ParameterInfo& info : infos) {
            if (info.role != role || info.offset < begin || info.offset >= end) continue;
            initializer(buffer.device(), info, buffer.data() + info.offset, stream);
            ++count;
        }
        return count;
    };
    layers::set_initial_values<typename Net::Architecture>(apply);
    buffer.overwritten();
}

}  // namespace gantry
