#pragma once
#include <gantry/contracts/optimizers.hpp>
#include <gantry/cpu/simd/math.hpp>
#include <gantry/cpu/simd/vector_loop.hpp>

#include <cmath>
#include <cstddef>

namespace gantry {

// The loops test the options of a step once per vector. These branches are always predicted, and their cost
// is negligible next to the memory traffic.

template <class T>
void launch(Cpu& device, const SgdParameters<T>& p) {
    using V = cpu::Vector<T>;
    const auto loop = [&p](std::size_t, std::size_t vectors, const auto& in, const auto& out) {
        const V rate = math::constant<V>(p.learning_rate), momentum = math::constant<V>(p.momentum),
                gain = math::constant<V>(1 - p.dampening), decay = math::constant<V>(p.weight_decay);
        const bool has_velocity = p.velocity, first = p.first_step, nesterov = p.nesterov;
        const T* const gradient = in[0].data;
        const auto [weight, velocity] = out;
        for (std::size_t i = 0; i < vectors * cpu::lanes<T>; i += cpu::lanes<T>) {
            const V w = cpu::load(weight + i), g = cpu::load(gradient + i) + decay * w;
            V step = g;
            if (has_velocity) {
                const V v = first ? g : momentum * cpu::load(velocity + i) + gain * g;
                cpu::store(velocity + i, v);
                step = nesterov ? g + momentum * v : v;
            }
            cpu::store(weight + i, w - rate * step);
        }
    };
    cpu::vector_loop<T, 1, 2>(device, p.size, {{{p.g}}}, {p.w, p.velocity}, loop);
}

template <class T>
void launch(Cpu& device, const AdamParameters<T>& p) {
    using V = cpu::Vector<T>;
    const auto loop = [&p](std::size_t, std::size_t vectors, const auto& in, const auto& out) {
        const V beta1 = math::constant<V>(p.beta1), rest1 = math::constant<V>(1 - p.beta1),
                beta2 = math::constant<V>(p.beta2), rest2 = math::constant<V>(1 - p.beta2),
                epsilon = math::constant<V>(p.epsilon),
                rate = math::constant<V>(p.learning_rate / p.correction1),
                root_scale = math::constant<V>(1 / std::sqrt(p.correction2)),
                decay = math::constant<V>(p.decoupled ? 0 : p.weight_decay),
                keep = math::constant<V>(p.decoupled ? 1 - p.learning_rate * p.weight_decay : 1);
        const bool optimistic = p.previous_update;
        const T* const gradient = in[0].data;
        const auto [weight, first_moment, second_moment, previous] = out;
        for (std::size_t i = 0; i < vectors * cpu::lanes<T>; i += cpu::lanes<T>) {
            const V w = cpu::load(weight + i), g = cpu::load(gradient + i) + decay * w;
            const V m = beta1 * cpu::load(first_moment + i) + rest1 * g;
            const V v = beta2 * cpu::load(second_moment + i) + (rest2 * g) * g;
            cpu::store(first_moment + i, m);
            cpu::store(second_moment + i, v);
            const V update = rate * m / (math::sqrt(v) * root_scale + epsilon);
            V step = update;
            if (optimistic) {
                step = update + update - cpu::load(previous + i);
                cpu::store(previous + i, update);
            }
            cpu::store(weight + i, keep * w - step);
        }
    };
    cpu::vector_loop<T, 1, 4>(device, p.size, {{{p.g}}}, {p.w, p.m, p.v, p.previous_update}, loop);
}

template <class T>
void launch(Cpu& device, const RmsPropParameters<T>& p) {
    using V = cpu::Vector<T>;
    const auto loop = [&p](std::size_t, std::size_t vectors, const auto& in, const auto& out) {
        const V rate = math::constant<V>(p.learning_rate), momentum = math::constant<V>(p.momentum),
                alpha = math::constant<V>(p.alpha), rest = math::constant<V>(1 - p.alpha),
                epsilon = math::constant<V>(p.epsilon), decay = math::constant<V>(p.weight_decay);
        const bool centered = p.mean, has_velocity = p.velocity;
        const T* const gradient = in[0].data;
        const auto [weight, square, mean, velocity] = out;
        for (std::size_t i = 0; i < vectors * cpu::lanes<T>; i += cpu::lanes<T>) {
            const V w = cpu::load(weight + i), g = cpu::load(gradient + i) + decay * w;
            const V s = alpha * cpu::load(square + i) + (rest * g) * g;
            cpu::store(square + i, s);
            V variance = s;
            if (centered) {
                const V m = alpha * cpu::load(mean + i) + rest * g;
                cpu::store(mean + i, m);
                variance = math::max(s - m * m, V{});
            }
            V step = g / (math::sqrt(variance) + epsilon);
            if (has_velocity) {
                step += momentum * cpu::load(velocity + i);
                cpu::store(velocity + i, step);
            }
            cpu::store(weight + i, w - rate * step);
        }
    };
    cpu::vector_loop<T, 1, 4>(device, p.size, {{{p.g}}}, {p.w, p.s, p.mean, p.velocity}, loop);
}

}  // namespace gantry
