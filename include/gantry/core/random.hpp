#pragma once
#include <gantry/core/host_device.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gantry {

/// Seed of a run. All random streams of the run derive from it.
enum class Seed : std::uint64_t {};

namespace core {
/// Input and output words of Philox. A plain array, since kernels cannot index std::array.
template <int count>
struct PhiloxWords {
    std::uint32_t word[count];  ///< the words
    /// Word i.
    GANTRY_HOST_DEVICE constexpr std::uint32_t& operator[](std::size_t i) { return word[i]; }
    /// Word i.
    GANTRY_HOST_DEVICE constexpr const std::uint32_t& operator[](std::size_t i) const { return word[i]; }
    constexpr bool operator==(const PhiloxWords&) const = default;
};
using PhiloxBlock = PhiloxWords<4>;  ///< a counter, or a block of random words
using PhiloxKey = PhiloxWords<2>;    ///< a key

/// Philox4x32-10, a counter-based generator: maps a counter and a key to a block of four random words,
/// without any state.
/// Source: Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.3.
GANTRY_HOST_DEVICE constexpr PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t first = std::uint64_t{0xD2511F53u} * counter[0];
        const std::uint64_t second = std::uint64_t{0xCD9E8D57u} * counter[2];
        counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0],
                   static_cast<std::uint32_t>(second),
                   static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1],
                   static_cast<std::uint32_t>(first)};
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    return counter;
}
}  // namespace core

/// A named sequence of random numbers. Streams with the same seed and different names are independent:
/// drawing more numbers from one (for sample images during training, say) does not change the others.
/// `position` is the whole state; save and restore it to resume a stream.
///
/// Numbers are generated in chunks of 64, from the 16 Philox blocks `position` ... `position + 15`: number
/// `16 w + j` of a chunk is word w of block j. This order suits vectors of 4, 8 and 16 lanes as well as GPU
/// threads, so every device generates the same numbers.
struct RandomStream {
    static constexpr int chunk = 64;            ///< numbers per chunk
    static constexpr int blocks_in_chunk = 16;  ///< Philox blocks per chunk

    Seed seed{};                 ///< of the run
    std::uint32_t name = 0;      ///< hash of the stream's name
    std::uint64_t position = 0;  ///< next unused Philox block

    RandomStream() = default;
    /// The stream of that name, at its beginning.
    constexpr RandomStream(Seed run_seed, std::string_view stream_name)
        : seed(run_seed), name(hash(stream_name)) {}

    /// The four words of Philox block `block` of this stream.
    GANTRY_HOST_DEVICE constexpr core::PhiloxBlock block(std::uint64_t block) const {
        return core::philox(
            {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), name, 0}, key());
    }
    /// Returns the stream at its current position and advances this one by the chunks that `count` numbers
    /// occupy.
    constexpr RandomStream take(std::uint64_t count) {
        RandomStream taken = *this;
        position += (count + chunk - 1) / chunk * blocks_in_chunk;
        return taken;
    }
    /// The Philox key: low and high word of the seed.
    GANTRY_HOST_DEVICE constexpr core::PhiloxKey key() const {
        return {static_cast<std::uint32_t>(static_cast<std::uint64_t>(seed)),
                static_cast<std::uint32_t>(static_cast<std::uint64_t>(seed) >> 32)};
    }
    /// 32-bit FNV-1a hash.
    static constexpr std::uint32_t hash(std::string_view text) {
        std::uint32_t value = 2166136261u;
        for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619u;
        return value;
    }
    constexpr bool operator==(const RandomStream&) const = default;
};

}  // namespace gantry
