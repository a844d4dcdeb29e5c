#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/layers/module.hpp>
#include <gantry/layers/pool_unpool2d.hpp>
#include <gantry/layers/sequential.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gantry {

namespace detail {
template <class... Lists>
struct JoinedParameters;
template <class... P>
struct JoinedParameters<core::ParameterList<P...>> {
    using type = core::ParameterList<P...>;
};
template <class... P, class... Q, class... More>
struct JoinedParameters<core::ParameterList<P...>, core::ParameterList<Q...>, More...>
    : JoinedParameters<core::ParameterList<P..., Q...>, More...> {};

template <class L>
struct AllParameters {
    using type = typename L::Parameters;
};
}  // namespace detail

namespace layers {
/// The parameters of a layer, those of its inner layers included, as one ParameterList in buffer order.
template <class L>
using all_parameters = typename detail::AllParameters<L>::type;
}  // namespace layers

namespace detail {
template <class... L>
struct AllParameters<Sequential<L...>>
    : JoinedParameters<core::ParameterList<>, layers::all_parameters<as_layer<L>>...> {};
template <auto pooling, class... L>
struct AllParameters<PoolUnpool2d<pooling, L...>> : AllParameters<Sequential<L...>> {};

/// The parameters of a member of a struct.
template <class M>
constexpr auto parameters_of_member() {
    if constexpr (is_part<M>) {
        return std::type_identity<layers::all_parameters<typename M::PartLayer>>{};
    } else if constexpr (is_std_array<M>) {
        return []<std::size_t... i>(std::index_sequence<i...>) {
            using One = typename decltype(parameters_of_member<typename M::value_type>())::type;
            return std::type_identity<typename JoinedParameters<
                core::ParameterList<>, std::conditional_t<(i == i), One, void>...>::type>{};
        }(std::make_index_sequence<std::tuple_size_v<M>>{});
    } else if constexpr (is_struct<M>) {
        return decltype(core::with_members(core::specimen<M>, []<class... E>(const E&...) {
            return std::type_identity<typename JoinedParameters<
                core::ParameterList<>, typename decltype(parameters_of_member<E>())::type...>::type>{};
        })){};
    } else {
        return std::type_identity<core::ParameterList<>>{};
    }
}
template <class B>
struct AllParameters<layers::Module<B>> {
    using type = typename decltype(parameters_of_member<B>())::type;
};
}  // namespace detail

}  // namespace gantry
