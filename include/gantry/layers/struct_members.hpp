#pragma once
#include <gantry/core/members.hpp>
#include <gantry/core/static_check.hpp>
#include <gantry/layers/part.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

// The members of a network struct: layers, other structs, and std::arrays of them.

namespace gantry {

namespace diagnosis {
/// A struct with too many members.
template <class Struct, std::size_t members>
struct MembersAreFew {
    static_assert(
        members <= core::most_members,
        "gantry: a network struct has at most 32 members; move some of them to a struct of their own, "
        "or to a std::array (see MembersAreFew<struct, members>)");
};
/// A member is a layer without the base that makes it callable.
template <class Member>
struct IsPart {
    static_assert(
        sizeof(Member) == 0,
        "gantry: a layer that is a member of a network struct must derive from layers::Part: struct "
        "MyLayer : layers::Part<MyLayer> (see IsPart<member>)");
};
}  // namespace diagnosis

namespace detail {
// Detects a call operator, also a template: &Both<B>::operator() is ambiguous if B has one.
struct WithCall {
    void operator()();
};
template <class B>
struct Both : B, WithCall {};
}  // namespace detail

namespace layers {
/// A network struct: an aggregate with a call operator.
template <class B>
concept AnyStruct =
    detail::is_struct<B> && !std::is_final_v<B> && !requires { &detail::Both<B>::operator(); };
}  // namespace layers

namespace detail {
using NoMisfit = core::StaticCheck<true, void>;
/// The first check that fails, or one that holds.
template <class... Check>
struct FirstMisfit {
    using type = NoMisfit;
};
template <class First, class... More>
struct FirstMisfit<First, More...>
    : std::conditional_t<First::fits, FirstMisfit<More...>, std::type_identity<First>> {};
/// StaticCheck that M, a struct or a member of one, can be visited.
template <class M>
constexpr auto members_check() {
    if constexpr (is_part<M>) {
        return options_check<typename M::PartLayer>{};
    } else if constexpr (is_std_array<M>) {
        return members_check<typename M::value_type>();
    } else if constexpr (AnyLayer<M>) {
        return core::StaticCheck<false, diagnosis::IsPart<M>>{};
    } else if constexpr (is_struct<M>) {
        constexpr std::size_t count = core::member_count<M>;
        if constexpr (count > core::most_members)
            return core::StaticCheck<false, diagnosis::MembersAreFew<M, count>>{};
        else
            return decltype(core::with_members(core::specimen<M>, []<class... E>(const E&...) {
                return typename FirstMisfit<decltype(members_check<E>())...>::type{};
            })){};
    } else {
        return NoMisfit{};
    }
}
template <class B>
inline constexpr bool is_valid_struct = decltype(members_check<B>())::fits;

template <class M>
constexpr PartTotals part_totals() {
    if constexpr (is_part<M>) {
        using L = typename M::PartLayer;
        return {1, leaves_of<L>, L::Parameters::count, L::Parameters::size, L::State::size};
    } else if constexpr (is_std_array<M>) {
        PartTotals sum;
        for (std::size_t i = 0; i != std::tuple_size_v<M>; ++i)
            sum = sum + part_totals<typename M::value_type>();
        return sum;
    } else if constexpr (is_struct<M>) {
        return core::with_members(core::specimen<M>, []<class... E>(const E&...) {
            return (PartTotals{} + ... + part_totals<E>());
        });
    } else {
        return {};
    }
}

/// Tells each part of `member` its place.
template <class M>
void place_parts(M& member, PartPlace& next) {
    if constexpr (is_part<M>) {
        static_cast<PartPlace&>(member) = next;
        next.before_ = next.before_ + part_totals<M>();
    } else if constexpr (is_std_array<M>) {
        for (auto& element : member) place_parts(element, next);
    } else if constexpr (is_struct<M>) {
        core::with_members(member, [&](auto&... m) { (place_parts(m, next), ...); });
    }
}

/// Calls f(Type<layer>) for each leaf layer of M, in order.
template <class M, class F>
constexpr void each_leaf_of_member(const F& f) {
    if constexpr (is_part<M>) {
        each_leaf<typename M::PartLayer>(f);
    } else if constexpr (is_std_array<M>) {
        for (std::size_t i = 0; i != std::tuple_size_v<M>; ++i)
            each_leaf_of_member<typename M::value_type>(f);
    } else if constexpr (is_struct<M>) {
        core::with_members(core::specimen<M>,
                           [&]<class... E>(const E&...) { (each_leaf_of_member<E>(f), ...); });
    }
}

/// Calls f(Type<part>, name) for each part of M, in order; `name` is that of M.
template <class M, class F>
constexpr void each_part(const F& f, const std::string& name) {
    if constexpr (is_part<M>) {
        f(Type<M>{}, name);
    } else if constexpr (is_std_array<M>) {
        for (std::size_t i = 0; i != std::tuple_size_v<M>; ++i)
            each_part<typename M::value_type>(f, name + '.' + std::to_string(i));
    } else if constexpr (is_struct<M>) {
        core::with_members(core::specimen<M>, [&]<class... E>(const E&...) {
            const std::string prefix = name.empty() ? name : name + '.';
            [&]<std::size_t... i>(std::index_sequence<i...>) {
                (each_part<E>(f, prefix + std::string(core::member_name<M, i>())), ...);
            }(std::index_sequence_for<E...>{});
        });
    }
}
}  // namespace detail

}  // namespace gantry
