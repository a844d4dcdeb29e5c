#pragma once
#include <gantry/core/compiler.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

// The members of a plain struct, in order, and their names. C++20 has no reflection: members are counted by
// the number of values that the struct can be made of, reached by a structured binding, and named by what the
// compiler says about their addresses.

namespace gantry {

namespace detail {
/// Converts to any type; declared only.
struct AnyValue {
    template <class T>
    constexpr operator T() const noexcept;
};
template <class A, std::size_t... i>
constexpr bool is_made_of(std::index_sequence<i...>) {
    return requires { A{(static_cast<void>(i), AnyValue{})...}; };
}
template <class A, std::size_t n = 0>
constexpr std::size_t count_members() {
    if constexpr (n < 33 && is_made_of<A>(std::make_index_sequence<n + 1>{}))
        return count_members<A, n + 1>();
    else
        return n;
}
}  // namespace detail

namespace core {
/// Number of members of the aggregate A, whose members all have defaults.
template <class A>
inline constexpr std::size_t member_count = detail::count_members<A>();

/// The most members that with_members reaches.
inline constexpr std::size_t most_members = 32;

// NOLINTBEGIN: one branch for each number of members
/// Returns f(m...) for the `count` members m of the aggregate `a`; f() if there are more than most_members.
template <class A, std::size_t count = member_count<std::remove_const_t<A>>, class F>
constexpr auto with_members(A& a, const F& f) {
    if constexpr (count == 0) return f();
    // clang-format off
#define GANTRY_MEMBERS(n, ...) else if constexpr (count == n) { auto& [__VA_ARGS__] = a; return f(__VA_ARGS__); }
    GANTRY_MEMBERS(1, m0)
    GANTRY_MEMBERS(2, m0, m1)
    GANTRY_MEMBERS(3, m0, m1, m2)
    GANTRY_MEMBERS(4, m0, m1, m2, m3)
    GANTRY_MEMBERS(5, m0, m1, m2, m3, m4)
    GANTRY_MEMBERS(6, m0, m1, m2, m3, m4, m5)
    GANTRY_MEMBERS(7, m0, m1, m2, m3, m4, m5, m6)
    GANTRY_MEMBERS(8, m0, m1, m2, m3, m4, m5, m6, m7)
    GANTRY_MEMBERS(9, m0, m1, m2, m3, m4, m5, m6, m7, m8)
    GANTRY_MEMBERS(10, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9)
    GANTRY_MEMBERS(11, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10)
    GANTRY_MEMBERS(12, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11)
    GANTRY_MEMBERS(13, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12)
    GANTRY_MEMBERS(14, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
    GANTRY_MEMBERS(15, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14)
    GANTRY_MEMBERS(16, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
    GANTRY_MEMBERS(17, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16)
    GANTRY_MEMBERS(18, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17)
    GANTRY_MEMBERS(19, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18)
    GANTRY_MEMBERS(20, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19)
    GANTRY_MEMBERS(21, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20)
    GANTRY_MEMBERS(22, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21)
    GANTRY_MEMBERS(23, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22)
    GANTRY_MEMBERS(24, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23)
    GANTRY_MEMBERS(25, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24)
    GANTRY_MEMBERS(26, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25)
    GANTRY_MEMBERS(27, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26)
    GANTRY_MEMBERS(28, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27)
    GANTRY_MEMBERS(29, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28)
    GANTRY_MEMBERS(30, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29)
    GANTRY_MEMBERS(31, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30)
    GANTRY_MEMBERS(32, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31)
#undef GANTRY_MEMBERS
    // clang-format on
    else return f();  // reported: see layers/struct_members.hpp
}
// NOLINTEND

/// An object of type A, to take the addresses or types of its members from.
template <class A>
inline constexpr A specimen{};
}  // namespace core

namespace detail {
/// Returns the address of the i-th argument.
template <std::size_t i>
struct AddressOf {
    template <class M, class... Rest>
    constexpr auto operator()(const M& first, const Rest&... rest) const {
        if constexpr (i == 0)
            return &first;
        else
            return AddressOf<i - 1>{}(rest...);
    }
};
// The return type must not be an alias such as std::string_view, whose meaning g++ would append.
template <auto address>
constexpr const char* function_name() {
    return __PRETTY_FUNCTION__;
}
}  // namespace detail

namespace core {
/// Name of the i-th member of the aggregate A.
template <class A, std::size_t i>
constexpr std::string_view member_name() {
    constexpr std::string_view identifier = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    // g++, clang and nvcc spell the address as `&specimen<A>.member`, so the name is the last identifier.
    // nvcc refuses an address taken directly in the template argument.
    const std::string_view text = detail::function_name<with_members(specimen<A>, detail::AddressOf<i>{})>();
    const std::size_t last = text.find_last_of(identifier);
    const std::size_t before = text.find_last_not_of(identifier, last);
    return text.substr(before + 1, last - before);
}
}  // namespace core

}  // namespace gantry
