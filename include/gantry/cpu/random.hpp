#pragma once
#include <gantry/contracts/random.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <type_traits>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

using Words = Vector<std::uint32_t>;

/// 64-bit products of words 0, 2, 4, ... and `factor`.
GANTRY_ALWAYS_INLINE inline Words multiply_even(Words a, std::uint32_t factor) {
    using Wide = Vector<std::uint64_t>;
#if defined(__AVX512F__)
    // From the expression below, compilers generate a multiplication of 64-bit lanes, which takes three times
    // as long.
    Wide product;
    asm("vpmuludq %2, %1, %0" : "=v"(product) : "v"(a), "v"(splat(std::uint64_t{factor})));
    return std::bit_cast<Words>(product);
#else
    return std::bit_cast<Words>((std::bit_cast<Wide>(a) & std::uint64_t{0xFFFFFFFF}) * std::uint64_t{factor});
#endif
}

/// High and low halves of the 64-bit products a * factor. Shuffles, since shifts would compete for the
/// execution port of the multiplications.
struct WideProduct {
    Words high, low;

    GANTRY_ALWAYS_INLINE WideProduct(Words a, std::uint32_t factor) {
        const Words even = multiply_even(a, factor), odd = multiply_even(shuffle<OddWords>(a, a), factor);
        low = shuffle<LowHalves>(even, odd);
        high = shuffle<HighHalves>(even, odd);
    }

private:
    static constexpr std::size_t size = lanes<std::uint32_t>;
    struct OddWords {
        static constexpr std::size_t at(std::size_t t) { return t | 1; }
    };
    // Words of the products of even words, followed by those of odd words.
    struct LowHalves {
        static constexpr std::size_t at(std::size_t t) { return t % 2 == 0 ? t : size + t - 1; }
    };
    struct HighHalves {
        static constexpr std::size_t at(std::size_t t) { return t % 2 == 0 ? t + 1 : size + t; }
    };
};

/// philox() for a vector of counters.
GANTRY_ALWAYS_INLINE inline std::array<Words, 4> philox(std::array<Words, 4> counter, core::PhiloxKey key) {
    Words key0 = splat(key[0]), key1 = splat(key[1]);
    for (int round = 0; round < 10; ++round) {
        const WideProduct first(counter[0], 0xD2511F53u), second(counter[2], 0xCD9E8D57u);
        counter = {second.high ^ counter[1] ^ key0, second.low, first.high ^ counter[3] ^ key1, first.low};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return counter;
}

/// The random words of chunk `chunk` of a stream, in the order of the stream.
inline void random_words(const RandomStream& stream, std::size_t chunk,
                         std::uint32_t (&words)[RandomStream::chunk]) {
    constexpr std::size_t blocks = RandomStream::blocks_in_chunk;
    const std::uint64_t position = stream.position + blocks * chunk;
    Words lane;
    for (std::size_t i = 0; i < lanes<std::uint32_t>; ++i) lane[i] = static_cast<std::uint32_t>(i);
    for (std::size_t block = 0; block < blocks; block += lanes<std::uint32_t>) {
        const std::uint64_t first = position + block;
        const Words low = lane + static_cast<std::uint32_t>(first);
        // In lanes where the low half overflowed, the comparison has all bits set, which is -1.
        const Words high = splat(static_cast<std::uint32_t>(first >> 32)) -
                           std::bit_cast<Words>(low < splat(static_cast<std::uint32_t>(first)));
        const auto random = philox({low, high, splat(stream.name), Words{}}, stream.key());
        for (std::size_t word = 0; word < 4; ++word) store(words + word * blocks + block, random[word]);
    }
}

// 32-bit integers, one per lane of a Vector<double>.
typedef std::int32_t HalfIntegers __attribute__((vector_size(vector_bytes / 2)));
typedef std::uint32_t HalfWords __attribute__((vector_size(vector_bytes / 2)));
typedef std::uint32_t UnalignedHalfWords
    __attribute__((vector_size(vector_bytes / 2), aligned(sizeof(std::uint32_t)), may_alias));

/// The next lanes<T> words, each >> shift, converted to T: exact for shift >= 8.
template <class T, int shift>
GANTRY_ALWAYS_INLINE inline Vector<T> numbers(const std::uint32_t* words) {
    if constexpr (sizeof(T) == sizeof(std::uint32_t)) {
        return __builtin_convertvector(std::bit_cast<Vector<std::int32_t>>(load(words) >> shift), Vector<T>);
    } else {
        const HalfWords shifted = *reinterpret_cast<const UnalignedHalfWords*>(words) >> shift;
        return __builtin_convertvector(std::bit_cast<HalfIntegers>(shifted), Vector<T>);
    }
}
/// (word >> 8) 2^-24: uniform in [0, 1)
template <class T>
GANTRY_ALWAYS_INLINE inline Vector<T> uniform(const std::uint32_t* words) {
    return numbers<T, 8>(words) * static_cast<T>(0x1p-24);
}

/// Rounds lanes<double> values to T and stores them.
template <class T>
GANTRY_ALWAYS_INLINE inline void store_rounded(T* to, Vector<double> v) {
    if constexpr (std::is_same_v<T, double>)
        store(to, v);
    else
        store_half(to, __builtin_convertvector(v, HalfVector<T>));
}

/// Calls f(first, count, words) for each chunk of a stream: elements [first, first + count), count <= 64.
template <class F>
void for_random_chunks(const Cpu& device, const RandomStream& stream, std::size_t size, const F& f) {
    constexpr std::size_t chunk = RandomStream::chunk;
    parallel_ranges(device.threads(), size, chunk, worthwhile_elements / 4,
                    [&](std::size_t begin, std::size_t end) {
                        alignas(vector_bytes) std::uint32_t words[chunk];
                        for (std::size_t first = begin; first < end; first += chunk) {
                            random_words(stream, first / chunk, words);
                            f(first, std::min(chunk, end - first), words);
                        }
                    });
}

/// fill(words, y) writes the 64 values of a chunk to y: directly to `destination`, or through a buffer if the
/// last chunk is not complete.
template <class T, class Fill>
void fill_random(const Cpu& device, const RandomStream& stream, std::size_t size, T* destination,
                 const Fill& fill) {
    for_random_chunks(device, stream, size,
                      [&](std::size_t first, std::size_t count, const std::uint32_t* words) {
                          T buffer[RandomStream::chunk];
                          const bool whole = count == RandomStream::chunk;
                          fill(words, whole ? destination + first : buffer);
                          if (!whole) std::copy_n(buffer, count, destination + first);
                      });
}

/// sin and cos of the angles 2 pi word / 2^32. The two highest bits of the word, rounded, are the quadrant.
/// The polynomials for the remainder, within pi / 4 of 0, are from Moshier's Cephes library.
struct SinCos {
    Vector<float> sin, cos;

    GANTRY_ALWAYS_INLINE explicit SinCos(const std::uint32_t* at) {
        using V = Vector<float>;
        using Int = Vector<std::int32_t>;
        const Words words = load(at);
        const Int quadrant = std::bit_cast<Int>((words + 0x20000000u) >> 30);
        constexpr float unit = static_cast<float>(std::numbers::pi / 2 / 4294967296.);
        const V t = __builtin_convertvector(std::bit_cast<Int>(words << 2), V) * unit, t2 = t * t;
        V s = t2 * -1.9515295891e-4f + 8.3321608736e-3f;
        s = t + t * t2 * (s * t2 - 1.6666654611e-1f);
        V c = t2 * 2.443315711809948e-5f - 1.388731625493765e-3f;
        c = 1.f - 0.5f * t2 + t2 * t2 * (c * t2 + 4.166664568298827e-2f);
        const auto swapped = (quadrant & 1) != 0;
        const Int sin_sign = (quadrant & 2) << 30, cos_sign = ((quadrant + 1) & 2) << 30;
        sin = std::bit_cast<V>(std::bit_cast<Int>(swapped ? c : s) ^ sin_sign);
        cos = std::bit_cast<V>(std::bit_cast<Int>(swapped ? s : c) ^ cos_sign);
    }
};

/// Box-Muller transform of vectors of words w0 and w1.
template <class T>
struct Normals {
    Vector<T> first, second;

    GANTRY_ALWAYS_INLINE Normals(const std::uint32_t* w0, const std::uint32_t* w1) {
        using V = Vector<T>;
        const V u = (numbers<T, 9>(w0) + T{0.5}) * static_cast<T>(0x1p-23);
        if constexpr (std::is_same_v<T, float>) {
            const V radius = math::sqrt(-2.f * FloatMath::log_normal(u));
            const SinCos angle(w1);
            first = radius * angle.cos;
            second = radius * angle.sin;
        } else {
            const V radius = math::sqrt(T{-2} * math::log(u));
            for (std::size_t i = 0; i < lanes<T>; ++i) {
                const T angle = static_cast<T>(2 * std::numbers::pi * 0x1p-32) * static_cast<T>(w1[i]);
                first[i] = radius[i] * std::cos(angle);
                second[i] = radius[i] * std::sin(angle);
            }
        }
    }
};

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class T>
void launch(Cpu& device, const contracts::UniformParameters<T>& p) {
    const contracts::UniformMap<T> map(p.low, p.high);
    cpu::detail::fill_random(device, p.stream, p.size, p.destination, [&](const std::uint32_t* words, T* y) {
        for (std::size_t i = 0; i < RandomStream::chunk; i += cpu::lanes<double>)
            cpu::detail::store_rounded(y + i, map(cpu::detail::numbers<double, 8>(words + i)));
    });
}

template <class T>
void launch(Cpu& device, const contracts::UniformIntegersParameters<T>& p) {
    cpu::detail::for_random_chunks(device, p.stream, p.size,
                                   [&](std::size_t first, std::size_t count, const std::uint32_t* words) {
                                       for (std::size_t i = 0; i < count; ++i)
                                           p.destination[first + i] = p.integer(words[i]);
                                   });
}

template <class T>
void launch(Cpu& device, const contracts::NormalParameters<T>& p) {
    constexpr std::size_t blocks = RandomStream::blocks_in_chunk;
    const T mean = static_cast<T>(p.mean), deviation = static_cast<T>(p.deviation);
    cpu::detail::fill_random(device, p.stream, p.size, p.destination, [&](const std::uint32_t* words, T* y) {
        for (std::size_t pair = 0; pair < 4 * blocks; pair += 2 * blocks)
            for (std::size_t i = pair; i < pair + blocks; i += cpu::lanes<T>) {
                const cpu::detail::Normals<T> normals(words + i, words + i + blocks);
                cpu::store(y + i, normals.first * deviation + mean);
                cpu::store(y + i + blocks, normals.second * deviation + mean);
            }
    });
}

template <class T>
void launch(Cpu& device, const contracts::DropoutParameters<T>& p) {
    using V = cpu::Vector<T>;
    const V keep = math::constant<V>(p.keep_probability),
            scale = math::constant<V>(p.keep_probability > 0 ? 1 / p.keep_probability : 0);
    cpu::detail::for_random_chunks(
        device, p.stream, p.size, [&](std::size_t first, std::size_t count, const std::uint32_t* words) {
            for (std::size_t i = 0; i < count; i += cpu::lanes<T>) {
                const auto kept = cpu::detail::uniform<T>(words + i) < keep;
                const std::size_t left = std::min(cpu::lanes<T>, count - i);
                const V x = cpu::load_up_to(p.x + first + i, left);
                cpu::store_up_to(p.y + first + i, left, math::select(kept, x * scale, V{}));
            }
        });
}

}  // namespace gantry
