#pragma once
#include <gantry/contracts/elementwise.hpp>
#include <gantry/contracts/loss.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/sum.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace gantry::cpu::inline GANTRY_TARGET::detail {

/// Inputs of an elementwise operation. A scalar is broadcast to one vector, which is read with a step of 0.
template <class T, std::size_t count>
class ElementwiseInputs {
public:
    ElementwiseInputs(const std::array<const T*, count>& in, const std::array<bool, count>& scalar,
                      std::size_t size) {
        for (std::size_t k = 0; k < count; ++k) {
            inputs[k] = {in[k], lanes<T>};
            if (!scalar[k] || size == 0) continue;
            store(repeated_[k], splat(*in[k]));
            inputs[k] = {repeated_[k], 0};
        }
    }
    ElementwiseInputs(const ElementwiseInputs&) = delete;

    std::array<Input<T>, count> inputs;

private:
    alignas(vector_bytes) T repeated_[count][lanes<T>];
};

/// f applied to vector v of each input.
template <class F, class T, std::size_t count>
GANTRY_ALWAYS_INLINE inline Vector<T> apply(const F& f, const std::array<Input<T>, count>& in,
                                            std::size_t v) {
    return [&]<std::size_t... k>(std::index_sequence<k...>) GANTRY_ALWAYS_INLINE {
        return f(load(in[k].data + v * in[k].step)...);
    }(std::make_index_sequence<count>{});
}

/// Loop body: y[i] = f(in_0[i], in_1[i], ...).
template <class F, class T, std::size_t count>
struct ElementwiseLoop {
    const F& f;

    void operator()(std::size_t, std::size_t vectors, const std::array<Input<T>, count>& inputs,
                    const std::array<T*, 1>& out) const {
        const F local_f = f;  // local copies, which stores cannot alias
        const std::array<Input<T>, count> in = inputs;
        T* const y = out[0];
        for (std::size_t v = 0; v < vectors; ++v) store(y + v * lanes<T>, apply<F, T, count>(local_f, in, v));
    }
};

/// Loop body of a loss: f(in_0[i], in_1[i], ...) and scale * f.gradient(in_0[i], in_1[i], ...).
template <class F, class T, std::size_t count>
struct LossLoop {
    const F& f;
    T scale;

    void operator()(std::size_t, std::size_t vectors, const std::array<Input<T>, count>& inputs,
                    const std::array<T*, 2>& out) const {
        const F local_f = f;
        const auto derivative = [&](const auto&... x) GANTRY_ALWAYS_INLINE { return local_f.gradient(x...); };
        const std::array<Input<T>, count> in = inputs;
        T *const values = out[0], *const gradient = out[1];
        const Vector<T> factor = splat(scale);
        for (std::size_t v = 0; v < vectors; ++v) {
            store(values + v * lanes<T>, apply<F, T, count>(local_f, in, v));
            store(gradient + v * lanes<T>, factor * apply<decltype(derivative), T, count>(derivative, in, v));
        }
    }
};

/// Sum of f(in_0[i], in_1[i], ...) over begin <= i < end, entirely in double: for blocks whose sum overflows
/// in T.
template <class T, std::size_t count>
struct SumInDouble {
    using Function = double(const void* f, const std::array<Input<T>, count>& in, std::size_t begin,
                            std::size_t end);
    const void* f;
    Function* function;

    template <class F>
    static SumInDouble of(const F& f) {
        return {&f, [](const void* erased, const auto& in, std::size_t begin, std::size_t end) {
                    double sum = 0;
                    for (std::size_t i = begin; i < end; ++i)
                        sum += [&]<std::size_t... k>(std::index_sequence<k...>) {
                            return (*static_cast<const F*>(erased))(
                                static_cast<double>(in[k].data[in[k].step == 0 ? 0 : i])...);
                        }(std::make_index_sequence<count>{});
                    return sum;
                }};
    }
};

/// Sum of the first output of a loop body: over blocks, and over chunks of blocks, which depend on `size`
/// alone. Further outputs are written to `out`.
template <class T, std::size_t count, std::size_t more>
[[gnu::noinline]] double sum_of_loop(int threads, std::size_t size, const std::array<Input<T>, count>& in,
                                     const std::array<T*, more>& out,
                                     const LoopBody<T, count, 1 + more>& loop,
                                     const SumInDouble<T, count>& in_double) {
    constexpr std::size_t most_chunks = 256;
    const std::size_t blocks = std::max<std::size_t>(1, (size + sum_block - 1) / sum_block);
    const std::size_t chunk = (blocks + most_chunks - 1) / most_chunks * sum_block;
    std::array<double, most_chunks> sums;

    parallel_ranges(threads, size, chunk, worthwhile_elements, [&](std::size_t begin, std::size_t end) {
        alignas(vector_bytes) T values[sum_block];
        for (std::size_t i = begin; i < end; i += sum_block) {
            const std::size_t block_end = std::min(i + sum_block, end);
            std::array<T*, 1 + more> to{values};
            for (std::size_t k = 0; k < more; ++k) to[1 + k] = out[k] + i;
            vector_range<T, count, 1 + more>(i, block_end, advance(in, i / lanes<T>), to, loop);
            double block = sum_of_block(values, block_end - i);
            if (!math::is_finite(block)) block = in_double.function(in_double.f, in, i, block_end);
            double& sum = sums[i / chunk];
            sum = (i % chunk == 0 ? 0 : sum) + block;
        }
    });
    double total = 0;
    for (std::size_t i = 0; i * chunk < size; ++i) total += sums[i];
    return total;
}

}  // namespace gantry::cpu::inline GANTRY_TARGET::detail

namespace gantry {

template <class F, class T, std::size_t N>
void launch(Cpu& device, const contracts::ElementwiseParameters<F, T, N>& p) {
    const cpu::detail::ElementwiseInputs<T, N> source(p.in, p.scalar, p.size);
    cpu::vector_loop<T, N, 1>(device, p.size, source.inputs, {p.out},
                              cpu::detail::ElementwiseLoop<F, T, N>{p.f});
}

template <class F, class T, std::size_t N>
void launch(Cpu& device, const contracts::TransformReduceParameters<F, T, N>& p) {
    const cpu::detail::ElementwiseInputs<T, N> source(p.in, p.scalar, p.size);
    const cpu::detail::ElementwiseLoop<F, T, N> loop{p.f};
    const double total = cpu::detail::sum_of_loop<T, N, 0>(device.threads(), p.size, source.inputs, {},
                                                           cpu::detail::LoopBody<T, N, 1>::of(loop),
                                                           cpu::detail::SumInDouble<T, N>::of(p.f));
    *p.out = static_cast<T>(p.scale * total);
}

template <class F, class T, std::size_t N>
void launch(Cpu& device, const contracts::LossParameters<F, T, N>& p) {
    const cpu::detail::ElementwiseInputs<T, N> source(p.in, p.scalar, p.size);
    const cpu::detail::LossLoop<F, T, N> loop{p.f, static_cast<T>(p.scale)};
    const double total = cpu::detail::sum_of_loop<T, N, 1>(
        device.threads(), p.size, source.inputs, {p.gradient}, cpu::detail::LoopBody<T, N, 2>::of(loop),
        cpu::detail::SumInDouble<T, N>::of(p.f));
    *p.value = static_cast<T>(p.scale * total);
}

}  // namespace gantry
