#pragma once
#include "support/reference_activation.hpp"
#include <gantry/contracts/batch_norm.hpp>
#include <gantry/contracts/copy.hpp>
#include <gantry/contracts/elementwise.hpp>
#include <gantry/contracts/gather.hpp>
#include <gantry/contracts/loss.hpp>
#include <gantry/contracts/matmul.hpp>
#include <gantry/contracts/maxout.hpp>
#include <gantry/contracts/norm.hpp>
#include <gantry/contracts/optimizers.hpp>
#include <gantry/contracts/random.hpp>
#include <gantry/contracts/reduce.hpp>
#include <gantry/contracts/softmax.hpp>
#include <gantry/core/device.hpp>
#include <gantry/core/host_memory.hpp>
#include <gantry/core/math.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

namespace gantry {

/// A second device, for tests: every kernel as the simplest loop that its contract allows, with sums in
/// double. It shows that the code above the kernels is independent of Cpu, and is the reference for other
/// devices.
class Reference : public Device<core::HostMemory> {};

namespace reference {

/// Element i of a stream: its word, and both words of its pair.
struct Words {
    std::uint32_t word, first_of_pair, second_of_pair;
    int place;  ///< 0 ... 3 within its block
};
inline Words words(const RandomStream& stream, std::size_t i) {
    const std::size_t chunk = i / RandomStream::chunk, within = i % RandomStream::chunk;
    const auto block = stream.block(stream.position + chunk * RandomStream::blocks_in_chunk +
                                    within % RandomStream::blocks_in_chunk);
    const std::size_t place = within / RandomStream::blocks_in_chunk;
    return {block[place], block[place / 2 * 2], block[place / 2 * 2 + 1], static_cast<int>(place)};
}
inline double uniform(const RandomStream& stream, std::size_t i) {
    return (words(stream, i).word >> 8) * 0x1p-24;
}

}  // namespace reference

template <class T>
void launch(Reference&, const contracts::MatmulParameters<T>& p) {
    for (int r = 0; r < p.rows; ++r)
        for (int c = 0; c < p.columns; ++c) {
            double sum = 0;
            for (int k = 0; k < p.inner; ++k) {
                const double a =
                    p.transpose_a ? p.a[std::size_t(k) * p.rows + r] : p.a[std::size_t(r) * p.inner + k];
                const double b =
                    p.transpose_b ? p.b[std::size_t(c) * p.inner + k] : p.b[std::size_t(k) * p.columns + c];
                sum += a * b;
            }
            T& out = p.c[std::size_t(r) * p.columns + c];
            if (p.accumulate)
                sum += out;
            else
                sum = reference::activate(p.activation, sum + (p.bias ? p.bias[c] : 0.0));
            out = static_cast<T>(sum);
        }
}

template <class F, class T, std::size_t N>
void launch(Reference&, const contracts::ElementwiseParameters<F, T, N>& p) {
    for (std::size_t i = 0; i < p.size; ++i) [&]<std::size_t... I>(std::index_sequence<I...>) {
            p.out[i] = p.f(p.in[I][p.scalar[I] ? 0 : i]...);
        }
    (std::make_index_sequence<N>{});
}

template <class F, class T, std::size_t N>
void launch(Reference&, const contracts::TransformReduceParameters<F, T, N>& p) {
    double sum = 0;
    for (std::size_t i = 0; i < p.size; ++i) [&]<std::size_t... I>(std::index_sequence<I...>) {
            sum += p.f(double(p.in[I][p.scalar[I] ? 0 : i])...);
        }
    (std::make_index_sequence<N>{});
    *p.out = static_cast<T>(p.scale * sum);
}

template <class F, class T, std::size_t N>
void launch(Reference& device, const contracts::LossParameters<F, T, N>& p) {
    launch(device,
           contracts::TransformReduceParameters<F, T, N>{p.f, p.size, p.value, p.in, p.scalar, p.scale});
    for (std::size_t i = 0; i < p.size; ++i) [&]<std::size_t... I>(std::index_sequence<I...>) {
            p.gradient[i] = static_cast<T>(p.scale * p.f.gradient(p.in[I][p.scalar[I] ? 0 : i]...));
        }
    (std::make_index_sequence<N>{});
}

template <class T>
void launch(Reference&, const contracts::SumParameters<T>& p) {
    const bool over_rows = p.axis == contracts::Axis::rows;
    const std::size_t outer = over_rows ? p.columns : p.rows, inner = over_rows ? p.rows : p.columns;
    for (std::size_t o = 0; o < outer; ++o) {
        double sum = 0;
        for (std::size_t i = 0; i < inner; ++i)
            sum += over_rows ? p.x[i * p.columns + o] : p.x[o * p.columns + i];
        p.y[o] = static_cast<T>((p.accumulate ? p.y[o] : T(0)) + p.scale * sum);
    }
}

template <class T>
void launch(Reference&, const contracts::NormParameters<T>& p) {
    long double squares = 0;
    for (std::size_t i = 0; i < p.size; ++i) squares += static_cast<long double>(p.x[i]) * p.x[i];
    const double scale = squares > 1e300 ? 0x1p-100 : 1;
    *p.scaled = {static_cast<double>(std::sqrt(squares) * scale), scale};
    *p.norm = static_cast<T>(std::sqrt(squares));
}
template <class T>
void launch(Reference&, const contracts::ClipToNormParameters<T>& p) {
    const auto [norm, scale] = *p.scaled;
    const double factor = math::min(p.max_norm / (norm + 1e-6 * scale), 1 / scale);
    for (std::size_t i = 0; i < p.size; ++i) p.x[i] = static_cast<T>(factor * (scale * double(p.x[i])));
}

template <class T>
void launch(Reference&, const contracts::BroadcastParameters<T>& p) {
    for (std::size_t r = 0; r < p.rows; ++r)
        for (std::size_t c = 0; c < p.columns; ++c)
            p.y[r * p.columns + c] = static_cast<T>(p.scale * p.x[p.axis == contracts::Axis::rows ? c : r]);
}

template <class T>
void launch(Reference&, const contracts::CopyBlockParameters<T>& p) {
    for (std::size_t r = 0; r < p.rows; ++r)
        for (std::size_t c = 0; c < p.columns; ++c)
            p.destination[r * p.destination_stride + c] = p.source[r * p.source_stride + c];
}

template <class T>
void launch(Reference&, const contracts::FillParameters<T>& p) {
    std::fill(p.destination, p.destination + p.size, p.value);
}

template <class T>
void launch(Reference&, const contracts::GatherSamplesParameters<T>& p) {
    for (std::size_t i = 0; i < p.count; ++i)
        for (std::size_t k = 0; k < p.sample_size; ++k) {
            const int byte = p.x[p.samples[i] * p.sample_size + k];
            p.y[i * p.sample_size + k] =
                static_cast<T>((p.range == PixelRange::zero_to_one ? byte : 2 * byte - 255) / 255.0);
        }
}
template <class T>
void launch(Reference&, const contracts::GatherScalarsParameters<T>& p) {
    for (std::size_t i = 0; i < p.count; ++i) p.y[i] = *p.from[i];
}

namespace reference {
/// For each row and column of x (rows, pieces, columns), calls f(index of the largest piece, index in (rows,
/// columns)).
template <class P, class F>
void each_winner(const P& p, const F& f) {
    for (std::size_t r = 0; r < p.rows; ++r)
        for (std::size_t c = 0; c < p.columns; ++c) {
            std::size_t best = r * p.pieces * p.columns + c;
            for (std::size_t k = 1; k < p.pieces; ++k) {
                const std::size_t i = (r * p.pieces + k) * p.columns + c;
                if (p.x[i] > p.x[best]) best = i;
            }
            f(best, r * p.columns + c);
        }
}
}  // namespace reference

template <class T>
void launch(Reference&, const contracts::MaxoutSelectParameters<T>& p) {
    reference::each_winner(p, [&](std::size_t from, std::size_t to) { p.out[to] = p.values[from]; });
}
template <class T>
void launch(Reference&, const contracts::MaxoutScatterParameters<T>& p) {
    std::fill(p.out, p.out + p.rows * p.pieces * p.columns, T(0));
    reference::each_winner(p, [&](std::size_t to, std::size_t from) { p.out[to] = p.values[from]; });
}

template <class T>
void launch(Reference&, const contracts::SoftmaxParameters<T>& p) {
    for (std::size_t r = 0; r < p.rows; ++r) {
        const T* x = p.x + r * p.columns;
        const double largest = *std::max_element(x, x + p.columns);
        double sum = 0;
        for (std::size_t c = 0; c < p.columns; ++c) sum += std::exp(x[c] - largest);
        for (std::size_t c = 0; c < p.columns; ++c)
            p.y[r * p.columns + c] = static_cast<T>(std::exp(x[c] - largest) / sum);
    }
}
template <class T>
void launch(Reference&, const contracts::CrossEntropyParameters<T>& p) {
    double loss = 0;
    for (std::size_t r = 0; r < p.rows; ++r) {
        const T *x = p.x + r * p.columns, *t = p.targets + r * p.columns;
        const double largest = *std::max_element(x, x + p.columns);
        double sum = 0, weight = 0;
        for (std::size_t c = 0; c < p.columns; ++c) {
            sum += std::exp(x[c] - largest);
            weight += t[c];
        }
        for (std::size_t c = 0; c < p.columns; ++c) {
            loss += t[c] * (std::log(sum) + largest - x[c]);
            if (p.gradient)
                p.gradient[r * p.columns + c] =
                    static_cast<T>(p.scale * (std::exp(x[c] - largest) / sum * weight - t[c]));
        }
    }
    *p.value = static_cast<T>(p.scale * loss);
}

template <class T>
void launch(Reference&, const contracts::BatchNormParameters<T>& p) {
    const double n = double(p.rows);
    for (std::size_t c = 0; c < p.columns; ++c) {
        double mean = 0, variance = 0;
        for (std::size_t r = 0; r < p.rows; ++r) mean += p.x[r * p.columns + c] / n;
        for (std::size_t r = 0; r < p.rows; ++r) variance += std::pow(p.x[r * p.columns + c] - mean, 2) / n;
        const double inverse = 1 / std::sqrt(variance + p.epsilon);
        for (std::size_t r = 0; r < p.rows; ++r)
            p.y[r * p.columns + c] = static_cast<T>(reference::activate(
                p.activation, p.scale[c] * (p.x[r * p.columns + c] - mean) * inverse + p.shift[c]));
        p.mean[c] = static_cast<T>(mean);
        if (p.mean_rest) p.mean_rest[c] = static_cast<T>(mean - p.mean[c]);
        p.rstd[c] = static_cast<T>(inverse);
        if (p.running_mean) {
            p.running_mean[c] += static_cast<T>(p.momentum * (mean - p.running_mean[c]));
            p.running_variance[c] +=
                static_cast<T>(p.momentum * (variance * n / (n - 1) - p.running_variance[c]));
        }
    }
}
template <class T>
void launch(Reference&, const contracts::BatchNormEvaluationParameters<T>& p) {
    for (std::size_t r = 0; r < p.rows; ++r)
        for (std::size_t c = 0; c < p.columns; ++c)
            p.y[r * p.columns + c] = static_cast<T>(reference::activate(
                p.activation,
                p.scale[c] * (p.x[r * p.columns + c] - p.mean[c]) / std::sqrt(p.variance[c] + p.epsilon) +
                    p.shift[c]));
}
template <class T>
void launch(Reference&, const contracts::BatchNormGradientParameters<T>& p) {
    const double n = double(p.rows);
    for (std::size_t c = 0; c < p.columns; ++c) {
        const auto normalised = [&](std::size_t r) {
            const double mean = double(p.mean[c]) + (p.mean_rest ? p.mean_rest[c] : 0);
            return (p.x[r * p.columns + c] - mean) * p.rstd[c];
        };
        const auto d = [&](std::size_t r) {
            const bool positive = p.scale[c] * normalised(r) + p.shift[c] > 0;
            const double slope = p.activation.kind == contracts::ActivationKind::leaky_relu && !positive
                                     ? p.activation.parameter
                                     : 1.0;
            return p.upstream[r * p.columns + c] * slope;
        };
        double sum_d = 0, sum_dn = 0;
        for (std::size_t r = 0; r < p.rows; ++r) {
            sum_d += d(r);
            sum_dn += d(r) * normalised(r);
        }
        if (p.x_gradient)
            for (std::size_t r = 0; r < p.rows; ++r)
                p.x_gradient[r * p.columns + c] =
                    static_cast<T>(p.scale[c] * p.rstd[c] * (d(r) - sum_d / n - normalised(r) * sum_dn / n));
        const auto put = [&](T* gradient, double sum) {
            if (gradient) gradient[c] = static_cast<T>(sum + (p.accumulate ? gradient[c] : 0));
        };
        put(p.scale_gradient, sum_dn);
        put(p.shift_gradient, sum_d);
    }
}

template <class T>
void launch(Reference&, const contracts::UniformParameters<T>& p) {
    const contracts::UniformMap<T> map(p.low, p.high);
    for (std::size_t i = 0; i < p.size; ++i)
        p.destination[i] = static_cast<T>(map(double(reference::words(p.stream, i).word >> 8)));
}
template <class T>
void launch(Reference&, const contracts::NormalParameters<T>& p) {
    for (std::size_t i = 0; i < p.size; ++i) {
        const reference::Words w = reference::words(p.stream, i);
        const double radius = std::sqrt(-2 * std::log(((w.first_of_pair >> 9) + 0.5) * 0x1p-23));
        const double angle = 2 * std::numbers::pi * w.second_of_pair * 0x1p-32;
        p.destination[i] = static_cast<T>(
            p.mean + p.deviation * radius * (w.place % 2 == 0 ? std::cos(angle) : std::sin(angle)));
    }
}
template <class T>
void launch(Reference&, const contracts::DropoutParameters<T>& p) {
    for (std::size_t i = 0; i < p.size; ++i)
        p.y[i] = reference::uniform(p.stream, i) < static_cast<T>(p.keep_probability)
                     ? p.x[i] * static_cast<T>(1 / p.keep_probability)
                     : T(0);
}

template <class F>
void launch(Reference&, const contracts::UpdateParameters<F>& p) {
    using T = typename F::scalar;
    for (std::size_t i = 0; i < p.size; ++i) [&]<std::size_t... k>(std::index_sequence<k...>) {
            T moments[] = {(p.moments[k] ? p.moments[k][i] : T{})...};
            p.update(p.g[i], p.w[i], moments[k]...);
            ((p.moments[k] ? void(p.moments[k][i] = moments[k]) : void()), ...);
        }
    (std::make_index_sequence<F::moments>{});
}

}  // namespace gantry

#include "support/reference_convolution.hpp"
#include "support/reference_pooling.hpp"
