#pragma once
#include "loop.cuh"
#include <gantry/core/math.hpp>
#include <gantry/cuda/launch.hpp>

#include <cmath>

namespace gantry {
namespace cuda {

// One pass over the buffers of a whole network. The kernels test the options of a step once per pack or
// element. The branches are uniform over all threads, and their cost is negligible next to the memory
// traffic.

/// SgdParameters as a kernel argument.
template <class T>
struct Sgd {
    std::size_t size;
    T* w;
    const T* g;
    T* velocity;
    T rate, momentum, gain, decay;
    bool nesterov, first_step;
};

template <int pack, class T>
__global__ void sgd(Sgd<T> p) {
    for_each_pack<pack>(p.size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        P w = load<P>(p.w + i), velocity{};
        const P gradient = load<P>(p.g + i);
        if (p.velocity && !p.first_step) velocity = load<P>(p.velocity + i);
        for (int k = 0; k < P::width; ++k) {
            const T g = gradient.at[k] + p.decay * w.at[k];
            T step = g;
            if (p.velocity) {
                const T v = p.first_step ? g : p.momentum * velocity.at[k] + p.gain * g;
                velocity.at[k] = v;
                step = p.nesterov ? g + p.momentum * v : v;
            }
            w.at[k] -= p.rate * step;
        }
        if (p.velocity) store(p.velocity + i, velocity);
        store(p.w + i, w);
    });
}

/// AdamParameters as a kernel argument.
template <class T>
struct Adam {
    std::size_t size;
    T* w;
    const T* g;
    T *m, *v, *previous_update;
    T beta1, rest1, beta2, rest2, epsilon, rate, root_scale, decay, keep;
};

template <int pack, class T>
__global__ void adam(Adam<T> p) {
    for_each_pack<pack>(p.size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        P w = load<P>(p.w + i), m = load<P>(p.m + i), v = load<P>(p.v + i), previous{};
        const P gradient = load<P>(p.g + i);
        if (p.previous_update) previous = load<P>(p.previous_update + i);
        for (int k = 0; k < P::width; ++k) {
            const T g = gradient.at[k] + p.decay * w.at[k];
            m.at[k] = p.beta1 * m.at[k] + p.rest1 * g;
            v.at[k] = p.beta2 * v.at[k] + (p.rest2 * g) * g;
            const T update = p.rate * m.at[k] / (math::sqrt(v.at[k]) * p.root_scale + p.epsilon);
            const T step = p.previous_update ? update + update - previous.at[k] : update;
            previous.at[k] = update;
            w.at[k] = p.keep * w.at[k] - step;
        }
        store(p.m + i, m);
        store(p.v + i, v);
        if (p.previous_update) store(p.previous_update + i, previous);
        store(p.w + i, w);
    });
}

/// RmsPropParameters as a kernel argument.
template <class T>
struct RmsProp {
    std::size_t size;
    T* w;
    const T* g;
    T *s, *mean, *velocity;
    T rate, alpha, rest, epsilon, momentum, decay;
};

template <int pack, class T>
__global__ void rms_prop(RmsProp<T> p) {
    for_each_pack<pack>(p.size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        P w = load<P>(p.w + i), s = load<P>(p.s + i), mean{}, velocity{};
        const P gradient = load<P>(p.g + i);
        if (p.mean) mean = load<P>(p.mean + i);
        if (p.velocity) velocity = load<P>(p.velocity + i);
        for (int k = 0; k < P::width; ++k) {
            const T g = gradient.at[k] + p.decay * w.at[k];
            s.at[k] = p.alpha * s.at[k] + (p.rest * g) * g;
            T variance = s.at[k];
            if (p.mean) {
                mean.at[k] = p.alpha * mean.at[k] + p.rest * g;
                variance = math::max(variance - mean.at[k] * mean.at[k], T{0});
            }
            T step = g / (math::sqrt(variance) + p.epsilon);
            if (p.velocity) step = velocity.at[k] = step + p.momentum * velocity.at[k];
            w.at[k] -= p.rate * step;
        }
        store(p.s + i, s);
        if (p.mean) store(p.mean + i, mean);
        if (p.velocity) store(p.velocity + i, velocity);
        store(p.w + i, w);
    });
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const SgdParameters<T>& p) {
    if (p.size == 0) return;
    const auto number = [](double x) { return static_cast<T>(x); };
    const cuda::Sgd<T> parameters{p.size,
                                  p.w,
                                  p.g,
                                  p.velocity,
                                  number(p.learning_rate),
                                  number(p.momentum),
                                  number(1 - p.dampening),
                                  number(p.weight_decay),
                                  p.nesterov,
                                  p.first_step};
    cuda::with_width<T>(cuda::aligned(p.w, p.g, p.velocity), [&](auto pack) {
        cuda::start(device, "sgd", cuda::sgd<decltype(pack)::value, T>,
                    cuda::grid_for(cuda::ceil_div<std::size_t>(p.size, pack)), parameters);
    });
}

template <class T>
void launch(Cuda& device, const AdamParameters<T>& p) {
    if (p.size == 0) return;
    const auto number = [](double x) { return static_cast<T>(x); };
    const cuda::Adam<T> parameters{p.size,
                                   p.w,
                                   p.g,
                                   p.m,
                                   p.v,
                                   p.previous_update,
                                   number(p.beta1),
                                   number(1 - p.beta1),
                                   number(p.beta2),
                                   number(1 - p.beta2),
                                   number(p.epsilon),
                                   number(p.learning_rate / p.correction1),
                                   number(1 / std::sqrt(p.correction2)),
                                   number(p.decoupled ? 0 : p.weight_decay),
                                   number(p.decoupled ? 1 - p.learning_rate * p.weight_decay : 1)};
    cuda::with_width<T>(cuda::aligned(p.w, p.g, p.m, p.v, p.previous_update), [&](auto pack) {
        cuda::start(device, "adam", cuda::adam<decltype(pack)::value, T>,
                    cuda::grid_for(cuda::ceil_div<std::size_t>(p.size, pack)), parameters);
    });
}

template <class T>
void launch(Cuda& device, const RmsPropParameters<T>& p) {
    if (p.size == 0) return;
    const auto number = [](double x) { return static_cast<T>(x); };
    const cuda::RmsProp<T> parameters{p.size,
                                      p.w,
                                      p.g,
                                      p.s,
                                      p.mean,
                                      p.velocity,
                                      number(p.learning_rate),
                                      number(p.alpha),
                                      number(1 - p.alpha),
                                      number(p.epsilon),
                                      number(p.momentum),
                                      number(p.weight_decay)};
    cuda::with_width<T>(cuda::aligned(p.w, p.g, p.s, p.mean, p.velocity), [&](auto pack) {
        cuda::start(device, "rms_prop", cuda::rms_prop<decltype(pack)::value, T>,
                    cuda::grid_for(cuda::ceil_div<std::size_t>(p.size, pack)), parameters);
    });
}

}  // namespace gantry
