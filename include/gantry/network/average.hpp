#pragma once
#include <gantry/contracts/copy.hpp>
#include <gantry/contracts/elementwise.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/math.hpp>
#include <gantry/network/network.hpp>

#include <string_view>
#include <type_traits>

namespace gantry {

namespace layers {
/// decay * average + (1 - decay) * x, in the form of torch.lerp: exact for a decay of 0 or 1, and equal
/// numbers stay equal.
struct MoveAverage {
    static constexpr std::string_view name = "move_average";
    double decay = 0;
    template <class V>
    GANTRY_HOST_DEVICE V operator()(V average, V x) const {
        return decay > 0.5 ? average + math::constant<V>(1 - decay) * (x - average)
                           : x - math::constant<V>(decay) * (x - average);
    }
};
}  // namespace layers

/// One step of an exponential moving average of a network: each parameter of `average` becomes
/// decay * average + (1 - decay) * parameter; running statistics are copied. Samples of a GAN are drawn from
/// such an average of its generator. Start with copy_parameters(generator, average). On any device, both
/// networks on the same device object. Errors: a decay outside [0, 1]; different devices. Source: Yazici et
/// al., "The unusual effectiveness of averaging in GAN training" (2019).
///     update_average(average, generator, 0.999);
template <class Architecture, class D, class T>
void update_average(Network<Architecture, D, T>& average, const Network<Architecture, D, T>& network,
                    double decay) {
    if (math::is_nan(decay) || decay < 0 || decay > 1)
        fail("update_average", "decay must be from 0 to 1", decay);
    D& device = average.device();
    if (&network.device() != &device)
        fail("update_average",
             "both networks must be on the same device object; copy_parameters copies between "
             "devices");
    const auto turn = device.turn();
    using Scalar = typename Network<Architecture, D, T>::scalar;
    auto& to = average.parameters();
    const auto& from = network.parameters();
    launch(device, contracts::ElementwiseParameters<layers::MoveAverage, Scalar, 2>{
                       {decay}, to.size(), to.data(), {to.data(), from.data()}, {}});
    to.overwritten();
    if (network.states().size() == 0) return;
    const std::size_t states = network.states().size();
    launch(device, contracts::CopyBlockParameters<Scalar>{1, states, network.states().data(), states,
                                                          average.states().data(), states});
    average.states().overwritten();
}

}  // namespace gantry
