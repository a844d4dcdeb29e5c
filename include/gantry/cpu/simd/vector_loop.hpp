#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/simd/simd.hpp>
#include <gantry/cpu/threads/parallel.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Elements of a cheap operation that are worth a thread.
inline constexpr std::size_t worthwhile_elements = 16384;

/// Input of a vector loop: vector v is at data + v * step.
template <class T>
struct Input {
    const T* data = nullptr;
    std::size_t step = lanes<T>;  ///< 0: the same vector each time
};

/// Loads the first `count` lanes, 0 < count <= lanes, with a fast path for whole vectors.
template <class T>
GANTRY_ALWAYS_INLINE inline Vector<T> load_up_to(const T* from, std::size_t count) {
    return count == lanes<T> ? load(from) : load_partial(from, count);
}
template <class T>
GANTRY_ALWAYS_INLINE inline void store_up_to(T* to, std::size_t count, Vector<T> v) {
    count == lanes<T> ? store(to, v) : store_partial(to, count, v);
}

namespace detail {

/// Loop body, type-erased behind a function pointer: the code around it is compiled once per number of
/// arrays, not once per operation. Whole vectors and the tail run through the same machine code, so the bits
/// of an element do not depend on its position.
template <class T, std::size_t inputs, std::size_t outputs>
struct LoopBody {
    using Function = void(const void* loop, std::size_t begin, std::size_t vectors,
                          const std::array<Input<T>, inputs>& in, const std::array<T*, outputs>& out);
    const void* loop;
    Function* function;

    template <class Loop>
    static LoopBody of(const Loop& loop) {
        return {&loop, [](const void* l, std::size_t begin, std::size_t vectors, const auto& in,
                          const auto& out) { (*static_cast<const Loop*>(l))(begin, vectors, in, out); }};
    }
    void operator()(std::size_t begin, std::size_t vectors, const std::array<Input<T>, inputs>& in,
                    const std::array<T*, outputs>& out) const {
        function(loop, begin, vectors, in, out);
    }
};

/// Advances the pointers by `vectors` vectors.
template <class T, std::size_t count>
std::array<Input<T>, count> advance(std::array<Input<T>, count> in, std::size_t vectors) {
    for (Input<T>& input : in)
        if (input.data) input.data += vectors * input.step;
    return in;
}
template <class T, std::size_t count>
std::array<T*, count> advance(std::array<T*, count> out, std::size_t vectors) {
    for (T*& output : out)
        if (output) output += vectors * lanes<T>;
    return out;
}

/// Runs an operation on elements [begin, end) on one thread. `in` and `out` already point to element `begin`.
template <class T, std::size_t inputs, std::size_t outputs>
[[gnu::noinline]] void vector_range(std::size_t begin, std::size_t end, std::array<Input<T>, inputs> in,
                                    std::array<T*, outputs> out, const LoopBody<T, inputs, outputs>& loop) {
    const std::size_t vectors = (end - begin) / lanes<T>, tail = (end - begin) % lanes<T>;
    if (vectors > 0) loop(begin, vectors, in, out);
    if (tail == 0) return;

    in = advance(in, vectors);
    out = advance(out, vectors);
    alignas(vector_bytes) T in_copy[inputs + 1][lanes<T>] = {}, out_copy[outputs][lanes<T>] = {};
    const std::array<T*, outputs> results = out;
    for (std::size_t k = 0; k < inputs; ++k)
        if (in[k].data) in[k].data = std::copy_n(in[k].data, tail, in_copy[k]) - tail;
    for (std::size_t k = 0; k < outputs; ++k)
        if (out[k]) out[k] = std::copy_n(out[k], tail, out_copy[k]) - tail;
    loop(end - tail, 1, in, out);
    for (std::size_t k = 0; k < outputs; ++k)
        if (results[k]) std::copy_n(out_copy[k], tail, results[k]);
}

template <class T, std::size_t inputs, std::size_t outputs>
[[gnu::noinline]] void run_vector_loop(int threads, std::size_t size, const std::array<Input<T>, inputs>& in,
                                       const std::array<T*, outputs>& out,
                                       const LoopBody<T, inputs, outputs>& loop) {
    parallel_ranges(threads, size, lanes<T>, worthwhile_elements, [&](std::size_t begin, std::size_t end) {
        const std::size_t vectors = begin / lanes<T>;
        vector_range<T, inputs, outputs>(begin, end, advance(in, vectors), advance(out, vectors), loop);
    });
}

}  // namespace detail

/// Runs an elementwise operation on `size` elements, distributed over the threads of `device`. Calls
/// loop(begin, vectors, in, out) for ranges of `vectors` whole vectors that start at element `begin`; `in`
/// and `out` point to that element. A partial last vector is copied to a whole one and back. `in` is only
/// read, `out` is read and written. Absent arrays are null, and arrays may be equal (in place).
template <class T, std::size_t inputs, std::size_t outputs, class Loop>
void vector_loop(const Cpu& device, std::size_t size, const std::array<Input<T>, inputs>& in,
                 const std::array<T*, outputs>& out, const Loop& loop) {
    detail::run_vector_loop<T, inputs, outputs>(device.threads(), size, in, out,
                                                detail::LoopBody<T, inputs, outputs>::of(loop));
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
