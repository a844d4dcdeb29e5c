#pragma once
#include <gantry/core/compiler.hpp>
#include <gantry/core/target.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

/// For small functions that must be inlined, so that their arguments stay in registers. In lambdas it follows
/// the parameter list.
#define GANTRY_ALWAYS_INLINE __attribute__((always_inline))

namespace gantry::cpu::inline GANTRY_TARGET {

#if defined(__AVX512F__)
inline constexpr std::size_t vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t vector_bytes = 32;
#else  // SSE2, NEON, or whatever the compiler lowers it to elsewhere
inline constexpr std::size_t vector_bytes = 16;
#endif

namespace detail {

template <class T>
struct VectorTypes;
// One specialisation per element type, since not every compiler accepts the attribute on a dependent type.
#define GANTRY_VECTOR_TYPES(T)                                                                         \
    template <>                                                                                        \
    struct VectorTypes<T> {                                                                            \
        typedef T Aligned __attribute__((vector_size(vector_bytes)));                                  \
        typedef T Unaligned __attribute__((vector_size(vector_bytes), aligned(sizeof(T)), may_alias)); \
        typedef T Half __attribute__((vector_size(vector_bytes / 2), aligned(sizeof(T)), may_alias));  \
    };
GANTRY_VECTOR_TYPES(float)
GANTRY_VECTOR_TYPES(double)
GANTRY_VECTOR_TYPES(std::int32_t)
GANTRY_VECTOR_TYPES(std::uint32_t)
GANTRY_VECTOR_TYPES(std::int64_t)
GANTRY_VECTOR_TYPES(std::uint64_t)
#undef GANTRY_VECTOR_TYPES

}  // namespace detail

/// Widest vector of T on the target machine: a compiler vector type with arithmetic, comparisons and `[]`. T
/// is float, double, or a 32- or 64-bit integer.
template <class T>
using Vector = typename detail::VectorTypes<T>::Aligned;

/// Number of elements in a Vector<T>.
template <class T>
inline constexpr std::size_t lanes = vector_bytes / sizeof(T);

/// Element type of a vector; a scalar is its own element type.
template <class V, class = void>
struct ElementOf {
    using type = V;
};
template <class V>
struct ElementOf<V, std::void_t<decltype(std::declval<V&>()[0])>> {
    using type = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;
};
template <class V>
using Element = typename ElementOf<V>::type;

/// Calls f(std::integral_constant<std::size_t, i>{}) for i = 0 ... count - 1, without a loop. An array
/// indexed only by such constants stays in registers; GCC 12 does not achieve that for an unrolled loop.
template <std::size_t count, class F>
GANTRY_ALWAYS_INLINE inline void static_for(const F& f) {
    [&]<std::size_t... i>(std::index_sequence<i...>) GANTRY_ALWAYS_INLINE {
        (f(std::integral_constant<std::size_t, i>{}), ...);
    }(std::make_index_sequence<count>{});
}

/// Loads lanes<T> elements; `from` needs only the alignment of T.
template <class T>
GANTRY_ALWAYS_INLINE inline Vector<T> load(const T* from) {
    return *reinterpret_cast<const typename detail::VectorTypes<T>::Unaligned*>(from);
}
template <class T>
GANTRY_ALWAYS_INLINE inline void store(T* to, Vector<T> v) {
    *reinterpret_cast<typename detail::VectorTypes<T>::Unaligned*>(to) = v;
}
/// Half a vector, with its own load and store: for short runs of memory, or runs that cross cache lines.
template <class T>
using HalfVector = typename detail::VectorTypes<T>::Half;
template <class T>
GANTRY_ALWAYS_INLINE inline HalfVector<T> load_half(const T* from) {
    return *reinterpret_cast<const HalfVector<T>*>(from);
}
template <class T>
GANTRY_ALWAYS_INLINE inline void store_half(T* to, HalfVector<T> v) {
    *reinterpret_cast<HalfVector<T>*>(to) = v;
}
/// Loads the first `count` <= lanes<T> elements and sets the others to 0, without touching their memory.
template <class T>
GANTRY_ALWAYS_INLINE inline Vector<T> load_partial(const T* from, std::size_t count) {
    alignas(vector_bytes) T buffer[lanes<T>] = {};
    for (std::size_t i = 0; i < count; ++i) buffer[i] = from[i];
    return load(buffer);
}
template <class T>
GANTRY_ALWAYS_INLINE inline void store_partial(T* to, std::size_t count, Vector<T> v) {
    alignas(vector_bytes) T buffer[lanes<T>];
    store(buffer, v);
    for (std::size_t i = 0; i < count; ++i) to[i] = buffer[i];
}

/// x broadcast to every lane.
template <class T>
GANTRY_ALWAYS_INLINE inline Vector<T> splat(T x) {
    return x - Vector<T>{};  // x - 0 is a plain broadcast; 0 + x would have to turn -0 into 0
}

/// Makes the compiler keep v in a register from here on instead of reloading it from memory at each use.
template <class V>
GANTRY_ALWAYS_INLINE inline void keep_in_register(V& v) {
#if defined(__AVX512F__)
    asm("" : "+v"(v));
#elif defined(__SSE2__)
    asm("" : "+x"(v));
#elif defined(__ARM_NEON)
    asm("" : "+w"(v));
#else
    static_cast<void>(v);
#endif
}

/// a b + c per lane, as one FMA where the target has it. It is explicit because g++, tuned for AMD's Zen,
/// contracts some loops and not others (--param avoid-fma-max-bits), so results would depend on the loop.
template <class V>
GANTRY_ALWAYS_INLINE inline V multiply_add(V a, V b, V c) {
#if defined(__clang__) && (defined(__FMA__) || defined(__aarch64__))
    return __builtin_elementwise_fma(a, b, c);
#elif defined(__AVX512F__)
    constexpr int current_rounding = 4;
    if constexpr (sizeof(Element<V>) == 4)
        return __builtin_ia32_vfmaddps512_mask(a, b, c, static_cast<short>(-1), current_rounding);
    else
        return __builtin_ia32_vfmaddpd512_mask(a, b, c, static_cast<char>(-1), current_rounding);
#elif defined(__FMA__)
    if constexpr (sizeof(Element<V>) == 4)
        return __builtin_ia32_vfmaddps256(a, b, c);
    else
        return __builtin_ia32_vfmaddpd256(a, b, c);
#else
    return a * b + c;
#endif
}

namespace detail {

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector) && !defined(__CUDACC__)
#define GANTRY_HAS_SHUFFLEVECTOR
#endif
#endif

/// out[t] = (a, b)[Source::at(t)], with 0 <= Source::at(t) < 2 lanes
template <class Source, class V>
GANTRY_ALWAYS_INLINE inline V shuffle(V a, V b) {
    constexpr std::size_t size = lanes<Element<V>>;
#ifdef GANTRY_HAS_SHUFFLEVECTOR
    return [&]<std::size_t... t>(std::index_sequence<t...>) GANTRY_ALWAYS_INLINE {
        return __builtin_shufflevector(a, b, Source::at(t)...);
    }(std::make_index_sequence<size>{});
#else
    V out{};
    for (std::size_t t = 0; t < size; ++t)
        out[t] = Source::at(t) < size ? a[Source::at(t)] : b[Source::at(t) - size];
    return out;
#endif
}
#undef GANTRY_HAS_SHUFFLEVECTOR

template <std::size_t size, std::size_t distance>
struct Rotated {
    static constexpr std::size_t at(std::size_t t) { return (t + distance) % size; }
};
// Of two rows seen as blocks of `distance` elements: the even blocks of both, or the odd blocks of both.
template <std::size_t size, std::size_t distance>
struct EvenBlocks {
    static constexpr std::size_t at(std::size_t t) { return t & distance ? size + t - distance : t; }
};
template <std::size_t size, std::size_t distance>
struct OddBlocks {
    static constexpr std::size_t at(std::size_t t) { return t & distance ? size + t : t + distance; }
};

template <std::size_t distance, class V>
GANTRY_ALWAYS_INLINE inline V fold_lanes(V v) {
    if constexpr (distance > 0) {
        v += shuffle<Rotated<lanes<Element<V>>, distance>>(v, v);
        return fold_lanes<distance / 2>(v);
    } else {
        return v;
    }
}
template <std::size_t distance, class V>
GANTRY_ALWAYS_INLINE inline void transpose_blocks(V* rows) {
    if constexpr (distance > 0) {
        constexpr std::size_t size = lanes<Element<V>>;
        static_for<size>([&](auto row) GANTRY_ALWAYS_INLINE {
            if constexpr ((row & distance) == 0) {
                const V upper = rows[row], lower = rows[row + distance];
                rows[row] = shuffle<EvenBlocks<size, distance>>(upper, lower);
                rows[row + distance] = shuffle<OddBlocks<size, distance>>(upper, lower);
            }
        });
        transpose_blocks<distance / 2>(rows);
    }
}

// Like a transpose, but each pair of output rows is added immediately, so the number of rows halves at each
// step.
template <std::size_t distance, class V>
GANTRY_ALWAYS_INLINE inline V fold_rows(V* rows) {
    constexpr std::size_t size = lanes<Element<V>>;
    static_for<distance>([&](auto row) GANTRY_ALWAYS_INLINE {
        const V upper = rows[row], lower = rows[row + distance];
        rows[row] = shuffle<EvenBlocks<size, distance>>(upper, lower) +
                    shuffle<OddBlocks<size, distance>>(upper, lower);
    });
    if constexpr (distance > 1) return fold_rows<distance / 2>(rows);
    return rows[0];
}

}  // namespace detail

/// Sum of all lanes in a fixed order, by halves.
template <class V>
GANTRY_ALWAYS_INLINE inline Element<V> sum_lanes(V v) {
    return detail::fold_lanes<lanes<Element<V>> / 2>(v)[0];
}

/// Sums of the lanes of `lanes` vectors: sum i in lane i, bitwise as sum_lanes computes it. Overwrites the
/// rows.
template <class V>
GANTRY_ALWAYS_INLINE inline V sum_rows(V* rows) {
    return detail::fold_rows<lanes<Element<V>> / 2>(rows);
}

/// Transposes a square block in place: swaps rows[i][j] and rows[j][i], i, j < lanes. Blocks of half the size
/// are swapped first, then the same is done within each quarter.
template <class V>
GANTRY_ALWAYS_INLINE inline void transpose(V* rows) {
    detail::transpose_blocks<lanes<Element<V>> / 2>(rows);
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
