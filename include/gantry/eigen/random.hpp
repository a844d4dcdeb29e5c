#pragma once
#include <gantry/contracts/random.hpp>
#include <gantry/eigen/device.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace gantry {
namespace eigen::detail {

/// The Philox block that contains element i of a stream, and the element's place in it, 0 ... 3.
struct RandomWords {
    RandomWords(const RandomStream& stream, Index i) {
        const auto index = static_cast<std::uint64_t>(i);
        const std::uint64_t chunk = index / RandomStream::chunk, within = index % RandomStream::chunk;
        block = stream.block(stream.position + chunk * RandomStream::blocks_in_chunk +
                             within % RandomStream::blocks_in_chunk);
        place = within / RandomStream::blocks_in_chunk;
    }
    /// The element's word.
    std::uint32_t word() const { return block[place]; }
    /// 24 random bits.
    std::uint32_t bits() const { return word() >> 8; }

    core::PhiloxBlock block;
    std::size_t place;
};

/// Box-Muller: see NormalParameters.
inline double normal(const RandomWords& words) {
    const std::size_t pair = words.place / 2 * 2;
    const double radius = std::sqrt(-2 * std::log(((words.block[pair] >> 9) + 0.5) * 0x1p-23));
    const double angle = 2 * std::numbers::pi * words.block[pair + 1] * 0x1p-32;
    return radius * (words.place == pair ? std::cos(angle) : std::sin(angle));
}

/// destination[i] = f(i)
template <class T, class F>
void generate(T* destination, std::size_t size, const F& f) {
    row(destination, size) = Row<T>::NullaryExpr(static_cast<Index>(size), f);
}

}  // namespace eigen::detail

template <class T>
void launch(EigenCpu&, const contracts::UniformParameters<T>& p) {
    eigen::detail::generate(
        p.destination, p.size, [&p, map = contracts::UniformMap<T>(p.low, p.high)](eigen::Index i) {
            return static_cast<T>(map(static_cast<double>(eigen::detail::RandomWords(p.stream, i).bits())));
        });
}

template <class T>
void launch(EigenCpu&, const contracts::UniformIntegersParameters<T>& p) {
    eigen::detail::generate(p.destination, p.size, [&p](eigen::Index i) {
        return p.integer(eigen::detail::RandomWords(p.stream, i).word());
    });
}

template <class T>
void launch(EigenCpu&, const contracts::NormalParameters<T>& p) {
    eigen::detail::generate(p.destination, p.size, [&p](eigen::Index i) {
        const double number = eigen::detail::normal(eigen::detail::RandomWords(p.stream, i));
        return static_cast<T>(p.mean + p.deviation * number);
    });
}

template <class T>
void launch(EigenCpu&, const contracts::DropoutParameters<T>& p) {
    const T keep = static_cast<T>(p.keep_probability), factor = static_cast<T>(1 / p.keep_probability);
    eigen::detail::generate(p.y, p.size, [&p, keep, factor](eigen::Index i) {
        const bool kept = eigen::detail::RandomWords(p.stream, i).bits() * 0x1p-24 < keep;
        return kept ? p.x[i] * factor : T(0);
    });
}

}  // namespace gantry
