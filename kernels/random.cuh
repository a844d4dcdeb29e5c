#pragma once
#include "loop.cuh"
#include <gantry/core/math.hpp>
#include <gantry/cuda/launch.hpp>

#include <numbers>

namespace gantry {
namespace cuda {

/// Grid-stride loop over the Philox blocks of a stream: calls f(words, i), where word w gives element
/// i + 16 * w of the stream. 16 neighbouring threads handle a chunk and write 16 neighbouring elements at a
/// time.
template <class F>
__device__ void for_random_blocks(const RandomStream& stream, std::size_t size, const F& f) {
    constexpr std::size_t chunk = RandomStream::chunk, blocks = RandomStream::blocks_in_chunk;
    for_each_pack<1>(ceil_div(size, chunk) * blocks, [&](std::size_t block, auto) {
        f(stream.block(stream.position + block), block / blocks * chunk + block % blocks);
    });
}
inline Grid grid_for_random(std::size_t size) {
    return grid_for(ceil_div<std::size_t>(size, RandomStream::chunk) * RandomStream::blocks_in_chunk);
}

/// (word >> 8) 2^-24: uniform in [0, 1)
template <class T>
__device__ T uniform_number(std::uint32_t word) {
    return static_cast<T>(word >> 8) * static_cast<T>(0x1p-24);
}

/// sin and cos of the angle 2 pi word / 2^32. The two highest bits of the word, rounded, are the quadrant.
/// The polynomials for the remainder, within pi / 4 of 0, are those of FreeBSD's k_sin.c and k_cos.c. (CUDA's
/// sin and cos reduce arbitrary angles, with an array in local memory.)
template <class T>
struct SinCos {
    T sin, cos;

    __device__ explicit SinCos(std::uint32_t word) {
        const std::uint32_t quadrant = (word + 0x20000000u) >> 30;
        constexpr T unit = static_cast<T>(std::numbers::pi / 2 * 0x1p-32);
        const T t = static_cast<T>(static_cast<std::int32_t>(word << 2)) * unit, t2 = t * t;
        T s = T(1.58969099521155010221e-10);
        s = s * t2 - T(2.50507602534068634195e-08);
        s = s * t2 + T(2.75573137070700676789e-06);
        s = s * t2 - T(1.98412698298579493134e-04);
        s = s * t2 + T(8.33333333332248946124e-03);
        s = s * t2 - T(1.66666666666666324348e-01);
        s = t + t * t2 * s;
        T c = T(-1.13596475577881948265e-11);
        c = c * t2 + T(2.08757232129817482790e-09);
        c = c * t2 - T(2.75573143513906633035e-07);
        c = c * t2 + T(2.48015872894767294178e-05);
        c = c * t2 - T(1.38888888888741095749e-03);
        c = c * t2 + T(4.16666666666666019037e-02);
        c = T(1) - T(0.5) * t2 + t2 * t2 * c;
        const bool swapped = quadrant & 1;
        sin = swapped ? c : s;
        cos = swapped ? s : c;
        if (quadrant & 2) sin = -sin;
        if ((quadrant + 1) & 2) cos = -cos;
    }
};

/// Box-Muller transform of two words.
template <class T>
struct Normals {
    T first, second;

    __device__ Normals(std::uint32_t w0, std::uint32_t w1) {
        const T u = (static_cast<T>(w0 >> 9) + T(0.5)) * static_cast<T>(0x1p-23);
        const T radius = math::sqrt(T(-2) * math::log(u));
        const SinCos<T> angle(w1);
        first = radius * angle.cos;
        second = radius * angle.sin;
    }
};

/// Computed in double for float, too: see UniformMap.
template <class T>
__global__ void uniform(std::size_t size, T* destination, RandomStream stream, contracts::UniformMap<T> map) {
    for_random_blocks(stream, size, [&](const auto& words, std::size_t i) {
        for (int w = 0; w < 4; ++w, i += RandomStream::blocks_in_chunk)
            if (i < size) destination[i] = static_cast<T>(map(static_cast<double>(words[w] >> 8)));
    });
}

template <class T>
__global__ void uniform_integers(contracts::UniformIntegersParameters<T> p) {
    for_random_blocks(p.stream, p.size, [&](const auto& words, std::size_t i) {
        for (int w = 0; w < 4; ++w, i += RandomStream::blocks_in_chunk)
            if (i < p.size) p.destination[i] = p.integer(words[w]);
    });
}

template <class T>
__global__ void normal(std::size_t size, T* destination, RandomStream stream, T mean, T deviation) {
    for_random_blocks(stream, size, [&](const auto& words, std::size_t i) {
        constexpr std::size_t step = RandomStream::blocks_in_chunk;
        for (int w = 0; w < 4; w += 2, i += 2 * step) {
            if (i >= size) return;
            const Normals<T> normals(words[w], words[w + 1]);
            destination[i] = normals.first * deviation + mean;
            if (i + step < size) destination[i + step] = normals.second * deviation + mean;
        }
    });
}

template <class T>
__global__ void dropout(std::size_t size, const T* x, T* y, RandomStream stream, T keep, T scale) {
    for_random_blocks(stream, size, [&](const auto& words, std::size_t i) {
        for (int w = 0; w < 4; ++w, i += RandomStream::blocks_in_chunk)
            if (i < size) y[i] = uniform_number<T>(words[w]) < keep ? x[i] * scale : T(0);
    });
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::UniformParameters<T>& p) {
    if (p.size == 0) return;
    cuda::start(device, "uniform", cuda::uniform<T>, cuda::grid_for_random(p.size), p.size, p.destination,
                p.stream, contracts::UniformMap<T>(p.low, p.high));
}

template <class T>
void launch(Cuda& device, const contracts::UniformIntegersParameters<T>& p) {
    if (p.size == 0) return;
    cuda::start(device, "uniform_integers", cuda::uniform_integers<T>, cuda::grid_for_random(p.size), p);
}

template <class T>
void launch(Cuda& device, const contracts::NormalParameters<T>& p) {
    if (p.size == 0) return;
    cuda::start(device, "normal", cuda::normal<T>, cuda::grid_for_random(p.size), p.size, p.destination,
                p.stream, static_cast<T>(p.mean), static_cast<T>(p.deviation));
}

template <class T>
void launch(Cuda& device, const contracts::DropoutParameters<T>& p) {
    if (p.size == 0) return;
    cuda::start(device, "dropout", cuda::dropout<T>, cuda::grid_for_random(p.size), p.size, p.x, p.y,
                p.stream, static_cast<T>(p.keep_probability),
                static_cast<T>(p.keep_probability > 0 ? 1 / p.keep_probability : 0));
}

}  // namespace gantry
