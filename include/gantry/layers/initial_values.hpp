#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/members.hpp>
#include <gantry/core/parameter.hpp>
#include <gantry/layers/module.hpp>
#include <gantry/layers/pool_unpool2d.hpp>
#include <gantry/layers/sequential.hpp>

#include <cstddef>
#include <type_traits>

// Initial values that network structs declare for their members, in a member function `initialize`.

namespace gantry {

namespace diagnosis {
/// The member function `initialize` of a network struct cannot be called.
template <class Struct>
struct StructInitializes {
    static_assert(sizeof(Struct) == 0,
                  "gantry: the member function initialize of a network struct must be const and take one "
                  "argument: void initialize(const auto& set) const (see StructInitializes<struct>)");
};
}  // namespace diagnosis

namespace layers {
/// What a struct's member function `initialize` is called with:
///     void initialize(const auto& set) const {
///         set(conv1, Role::weight, KaimingNormal{.slope = 0.2});
///         set(conv2, Role::weight, Constant{0});
///     }
/// `Apply` is called as apply(begin, end, role, initializer) for the parameters of a layer, elements
/// [begin, end) of the network's buffer, and returns the number of parameters that have the role.
template <class Apply>
class InitialValues {
public:
    /// For a struct whose parameters begin at element `offset`.
    explicit InitialValues(const Apply& apply, std::size_t offset = 0) : apply_(&apply), offset_(offset) {}

    /// Applies an initialiser to the parameters of one role in a member: a layer, a struct or an array of
    /// them. Errors: it has none of that role.
    template <class M, class F>
    void operator()(const M& member, Role role, const F& initializer) const {
        if (set(member, role, initializer) == 0)
            fail("initialize", "a member has no parameter of the role that its struct initialises");
    }
    /// The same for a struct whose parameters begin `numbers` elements later.
    InitialValues after(std::size_t numbers) const { return InitialValues(*apply_, offset_ + numbers); }

private:
    template <class M, class F>
    std::size_t set(const M& member, Role role, const F& initializer) const {
        std::size_t count = 0;
        if constexpr (detail::is_part<M>) {
            const std::size_t begin = offset_ + member.before_.numbers;
            count = (*apply_)(begin, begin + M::PartLayer::Parameters::size, role, initializer);
        } else if constexpr (detail::is_std_array<M>) {
            for (const auto& element : member) count += set(element, role, initializer);
        } else if constexpr (detail::is_struct<M>) {
            core::with_members(member,
                               [&](const auto&... m) { ((count += set(m, role, initializer)), ...); });
        }
        return count;
    }

    const Apply* apply_;
    std::size_t offset_;
};
}  // namespace layers

namespace detail {
// Detects a member function `initialize`, as struct_members.hpp does a call operator.
struct WithInitialize {
    void initialize();
};
template <class B>
struct BothInitialize : B, WithInitialize {};
template <class B>
concept HasInitialize = !std::is_final_v<B> && !requires { &BothInitialize<B>::initialize; };

/// The structs in layer L, whose `initialize` is called with `values`.
template <class L>
struct DeclaredIn {
    template <class Values>
    static void set(const Values&) {}
};
template <class... L>
struct DeclaredIn<Sequential<L...>> {
    template <class Values>
    static void set(const Values& values) {
        std::size_t before = 0;
        ((DeclaredIn<typename LayerMeant<as_layer<L>>::type>::set(values.after(before)),
          before += LayerMeant<as_layer<L>>::type::Parameters::size),
         ...);
    }
};
template <auto pooling, class... L>
struct DeclaredIn<PoolUnpool2d<pooling, L...>> : DeclaredIn<Sequential<L...>> {};

template <class M, class Values>
void set_declared(const M& member, const Values& values) {
    if constexpr (is_part<M>) {
        DeclaredIn<typename M::PartLayer>::set(values.after(member.before_.numbers));
    } else if constexpr (is_std_array<M>) {
        for (const auto& element : member) set_declared(element, values);
    } else if constexpr (is_struct<M>) {
        core::with_members(member, [&](const auto&... m) { (set_declared(m, values), ...); });
        if constexpr (requires { member.initialize(values); })
            member.initialize(values);
        else if constexpr (HasInitialize<M>)
            static_cast<void>(sizeof(diagnosis::StructInitializes<M>));
    }
}
template <class B>
struct DeclaredIn<layers::Module<B>> {
    template <class Values>
    static void set(const Values& values) {
        B body{};
        PartPlace place{};
        place_parts(body, place);
        set_declared(body, values);
    }
};
}  // namespace detail

namespace layers {
/// Calls `initialize` of the structs of an architecture that have it, inner structs first; see InitialValues.
template <class Architecture, class Apply>
void set_initial_values(const Apply& apply) {
    detail::DeclaredIn<Architecture>::set(InitialValues<Apply>(apply));
}
}  // namespace layers

}  // namespace gantry
