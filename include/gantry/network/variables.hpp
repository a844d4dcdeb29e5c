#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/layers/all_parameters.hpp>
#include <gantry/network/network.hpp>
#include <gantry/ops/copy.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// Parameters of a network as Variables: to regularise them, to differentiate for them with create_graph, and
// to run the network with others in their place.

namespace gantry {

namespace detail {
/// Calls f(integral_constant<i>...) for the parameters of a list that are wanted.
template <auto wanted, class... P, class F>
auto with_parameters_of(std::type_identity<core::ParameterList<P...>>, const F& f) {
    constexpr std::array<bool, sizeof...(P)> chosen{wanted(P::role)...};
    constexpr auto indices = [&] {
        std::array<std::size_t, (std::size_t{wanted(P::role)} + ... + 0)> all{};
        std::size_t count = 0;
        for (std::size_t i = 0; i != sizeof...(P); ++i)
            if (chosen[i]) all[count++] = i;
        return all;
    }();
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
        return f(std::integral_constant<std::size_t, indices[k]>{}...);
    }(std::make_index_sequence<indices.size()>{});
}
template <auto wanted, class Net>
auto variables(Net& network) {
    using All = layers::all_parameters<typename Net::Architecture>;
    const auto cursor = network.template cursor<true>();
    return with_parameters_of<wanted>(std::type_identity<All>{}, [&](auto... i) {
        return std::tuple{cursor.template parameter<decltype(i)::value, All>()...};
    });
}
inline constexpr auto any_role = [](Role) { return true; };
inline constexpr auto is_weight = [](Role role) { return role == Role::weight; };
}  // namespace detail

/// All parameters of a network as Variables of the current step, a std::tuple in the order of
/// Architecture::parameters(). A loss may depend on them, and grad takes them as inputs, also with
/// create_graph:
///     auto slopes = grad(loss, parameters(network), {.create_graph = true});
template <layers::AnyNetwork Net>
auto parameters(Net& network) {
    return detail::variables<detail::any_role>(network);
}
/// The weights of a network as Variables: the parameters with Role::weight, without biases, scales, shifts
/// and embeddings.
///     auto decay = std::apply([](const auto&... w) { return (sum(square(w)) + ...); }, weights(network));
///     optimizer.step(backward(loss + 1e-4 * decay, network));
template <layers::AnyNetwork Net>
auto weights(Net& network) {
    return detail::variables<detail::is_weight>(network);
}

namespace layers {
/// A network that computes with given parameters instead of its own; see with_parameters.
template <class Net>
class [[nodiscard]] Substituted {
    using T = typename Net::scalar;
    using D = typename Net::device_type;

public:
    /// See with_parameters.
    template <class... Given>
    Substituted(Net& network, const std::tuple<Given...>& given)
        : network_(&network), watch_(network.watch()) {
        D& device = network.device();
        const auto turn = device.turn();
        block_ = core::allocate<T>(device, core::Extents{1, {static_cast<int>(Net::parameter_count)}});
        std::size_t offset = 0;
        const auto place = [&](const auto& x) {
            const TensorRef<T, D> copy =
                ops::run_op(ops::CopyOp{}, x.value().extents, {block_.data + offset, false}, x.value());
            leaves_.push_back(copy.node);
            offset += copy.size();
        };
        std::apply([&](const auto&... x) { (place(x), ...); }, given);
    }
    /// The forward pass in training mode. Errors: the network was destroyed or moved; the step has ended.
    template <class... X>
    auto operator()(const X&... x) const {
        if (watch_.over()) fail("Network", "the network of this view was destroyed or moved");
        block_.check_alive();
        return network_->forward_at(
            ParameterCursor<T, D, true>{block_.data, network_->states().data(), &network_->device(),
                                        leaves_.data(), network_->device().watch()},
            x...);
    }

private:
    Net* network_;
    core::Lifetime::Watch watch_;
    TensorRef<T, D> block_;
    std::vector<core::Node*> leaves_;
};
}  // namespace layers

namespace diagnosis {
/// The substitutes are not those of the network's parameters.
template <class ParametersOfNetwork, class Given>
struct SubstitutesFit {
    static_assert(
        std::is_same_v<ParametersOfNetwork, Given>,
        "gantry: with_parameters takes a std::tuple of Variables with the shapes of parameters(network), "
        "in their order (see SubstitutesFit<parameters of the network, given>)");
};
}  // namespace diagnosis

/// The tuple f(a_i, b_i, ...) of the elements of tuples of one length, such as those of parameters and grad.
template <class F, class First, class... More>
auto zip_with(const F& f, const First& first, const More&... more) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
        const auto at = [&]<std::size_t k>(std::integral_constant<std::size_t, k>) {
            return f(std::get<k>(first), std::get<k>(more)...);
        };
        return std::tuple{at(std::integral_constant<std::size_t, i>{})...};
    }(std::make_index_sequence<std::tuple_size_v<First>>{});
}

/// The network in training mode, computing with the given parameters instead of its own. Gradients flow to
/// whatever they were computed from. For unrolled and meta-learning steps:
///     const auto slopes = grad(loss, parameters(network), {.create_graph = true});
///     const auto moved = zip_with([](const auto& w, const auto& g) { return w - 0.1 * g; },
///                                 parameters(network), slopes);
///     auto later = with_parameters(network, moved)(x);
/// Valid until the end of the step. The network's running statistics and dropout stream are used as in a call
/// of the network itself.
template <layers::AnyNetwork Net, class... Given>
auto with_parameters(Net& network, const std::tuple<Given...>& given) {
    using Own = decltype(parameters(network));
    static_cast<void>(sizeof(diagnosis::SubstitutesFit<Own, std::tuple<Given...>>));
    return layers::Substituted<Net>(network, given);
}

}  // namespace gantry
