#pragma once
#include "columns.cuh"
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>
#include <gantry/math.hpp>

#include <algorithm>

namespace gantry {
namespace cuda {

// Two launches at most, each over the same tiles and parts (columns.cuh): the first has what is summed for
// each part, the second merges the parts, in each block for itself, and goes on to the result. Where there is
// one part (a batch of vectors) one launch does both. So x is read twice, and memory written once.

/// Count, mean and sum of squared distances to the mean, of each column of a pack.
template <class P>
struct Moments {
    using T = typename P::Number;
    T count;
    P mean, squares;

    /// Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing sample variances"
    /// (1979), eq. 2.1
    __device__ void merge(const Moments& other) {
        if (other.count == 0) return;
        const T total = count + other.count, share = other.count / total;
        for (int k = 0; k < P::width; ++k) {
            const T distance = other.mean.at[k] - mean.at[k];
            mean.at[k] += distance * share;
            squares.at[k] += other.squares.at[k] + distance * distance * (share * count);
        }
        count = total;
    }

    /// Those of x - center, of the thread's rows of the block's part. It sums distances to its own first x,
    /// and their squares: as that is one of the numbers, the difference of the sums loses no more digits than
    /// their count has, however large the mean is.
    __device__ static Moments of_part(const ColumnPlace<P>& place, const T* x, const P& center) {
        Moments mine{};
        P origin{}, sum{}, squares{};
        place.for_rows([&](std::size_t i) { return load<P>(x + i); },
                       [&](std::size_t, const P& pack) {
                           if (mine.count == 0) origin = pack;
                           mine.count += 1;
                           for (int k = 0; k < P::width; ++k) {
                               const T distance = pack.at[k] - origin.at[k];
                               sum.at[k] += distance;
                               squares.at[k] += distance * distance;
                           }
                       });
        if (mine.count > 0)
            for (int k = 0; k < P::width; ++k) {
                const T mean = sum.at[k] / mine.count;
                mine.mean.at[k] = origin.at[k] - center.at[k] + mean;
                mine.squares.at[k] = math::max(squares.at[k] - mean * sum.at[k], T{0});
            }
        return mine;
    }
};

/// What the first launch leaves to the second: two numbers for each part and column.
template <class T>
struct PartialPairs {
    T *first, *second;  ///< (parts, columns) each

    static PartialPairs allocate(Cuda& device, const ColumnGrid& grid) {
        const std::size_t size = grid.parts * grid.columns;
        // A multiple of a pack apart, so that both are aligned as the arena is.
        const std::size_t distance = ceil_div<std::size_t>(size, 16) * 16;
        T* const memory = static_cast<T*>(device.arena().allocate(2 * distance * sizeof(T)));
        return {memory, memory + distance};
    }
};

/// y = activation(factor (x - mean) + shift) for a pack of columns.
template <class P>
struct Normalization {
    using T = typename P::Number;
    P mean, factor, shift;
    T slope;

    __device__ Normalization(const ColumnPlace<P>& place, const P& mean_, const P& inverse_deviation,
                             const T* scale, const T* shifts, T slope_)
        : mean(mean_), factor{}, shift{}, slope(slope_) {
        if (!place.inside) return;
        for (int k = 0; k < P::width; ++k) {
            factor.at[k] = scale[place.column + k] * inverse_deviation.at[k];
            shift.at[k] = shifts[place.column + k];
        }
    }
    __device__ T centered(const P& x, int k) const { return x.at[k] - mean.at[k]; }
    __device__ T before_activation(const P& x, int k) const {
        return centered(x, k) * factor.at[k] + shift.at[k];
    }
    __device__ void write(const ColumnPlace<P>& place, const T* x, T* y) const {
        place.for_rows([&](std::size_t i) { return load<P>(x + i); },
                       [&](std::size_t i, const P& in) {
                           P out;
                           for (int k = 0; k < P::width; ++k) {
                               const T z = before_activation(in, k);
                               out.at[k] = z > 0 ? z : z * slope;
                           }
                           store(y + i, out);
                       });
    }
};

/// BatchNormParameters as kernels take them.
template <class T>
struct BatchNorm {
    ColumnGrid grid;
    const T *x, *scale, *shift;
    T *y, *mean, *inverse_deviation, *running_mean, *running_variance;
    T epsilon, momentum, variance_momentum, slope;
    PartialPairs<T> partial;  ///< means, less the first row, and sums of squared distances
};

template <class P, class T>
__global__ void batch_norm_statistics(BatchNorm<T> p) {
    const ColumnPlace<P> place(p.grid);
    __shared__ Moments<P> states[block_threads];
    const Moments<P> moments =
        merge_over_block(Moments<P>::of_part(place, p.x, place.first_row(p.x)), states);
    if (!place.writes) return;
    const std::size_t at = blockIdx.y * p.grid.columns + place.column;
    store(p.partial.first + at, moments.mean);
    store(p.partial.second + at, moments.squares);
}

template <class P, bool one_part, class T>
__global__ void batch_norm(BatchNorm<T> p) {
    const ColumnPlace<P> place(p.grid);
    const P center = place.first_row(p.x);  // near enough to the mean for the means to keep its digits
    Moments<P> moments{};
    if constexpr (one_part) {
        moments = Moments<P>::of_part(place, p.x, center);
    } else {
        place.for_parts(p.grid, [&](std::size_t part, std::size_t rows) {
            const std::size_t at = part * p.grid.columns + place.column;
            moments.merge(
                {static_cast<T>(rows), load<P>(p.partial.first + at), load<P>(p.partial.second + at)});
        });
    }
    __shared__ Moments<P> states[block_threads];
    moments = merge_over_block(moments, states);
    const T rows = static_cast<T>(p.grid.rows);
    P mean, inverse_deviation;
    for (int k = 0; k < P::width; ++k) {
        mean.at[k] = center.at[k] + moments.mean.at[k];
        inverse_deviation.at[k] = T{1} / math::sqrt(moments.squares.at[k] / rows + p.epsilon);
    }
    Normalization<P>(place, mean, inverse_deviation, p.scale, p.shift, p.slope).write(place, p.x, p.y);

    if (!place.writes || blockIdx.y != 0) return;
    for (int k = 0; k < P::width; ++k) {
        const std::size_t c = place.column + k;
        const T variance = moments.squares.at[k] / rows;
        p.mean[c] = mean.at[k];
        p.inverse_deviation[c] = inverse_deviation.at[k];
        if (!p.running_mean) continue;
        p.running_mean[c] += p.momentum * (mean.at[k] - p.running_mean[c]);
        p.running_variance[c] += p.variance_momentum * variance - p.momentum * p.running_variance[c];
    }
}

template <class P, class T>
__global__ void batch_norm_evaluation(ColumnGrid grid, const T* x, const T* scale, const T* shift,
                                      const T* mean, const T* variance, T* y, T epsilon, T slope) {
    const ColumnPlace<P> place(grid);
    if (!place.inside) return;
    P means, inverse_deviations;
    for (int k = 0; k < P::width; ++k) {
        means.at[k] = mean[place.column + k];
        inverse_deviations.at[k] = T{1} / math::sqrt(variance[place.column + k] + epsilon);
    }
    Normalization<P>(place, means, inverse_deviations, scale, shift, slope).write(place, x, y);
}

template <class P>
struct XAndUpstream {
    P x, upstream;
};

/// BatchNormGradientParameters as kernels take them.
template <class T>
struct BatchNormGradient {
    ColumnGrid grid;
    const T *upstream, *x, *scale, *shift, *mean, *inverse_deviation;
    T *x_gradient, *scale_gradient, *shift_gradient;
    bool accumulate;
    T slope;
    PartialPairs<T> partial;  ///< as GradientSums

    template <class P>
    __device__ XAndUpstream<P> read(std::size_t i) const {
        return {load<P>(x + i), load<P>(upstream + i)};
    }
};

/// Sums of d and of d (x - mean), where d = upstream activation'(y).
template <class P>
struct GradientSums {
    using T = typename P::Number;
    P d, product;

    __device__ void merge(const GradientSums& other) {
        for (int k = 0; k < P::width; ++k) {
            d.at[k] += other.d.at[k];
            product.at[k] += other.product.at[k];
        }
    }
    __device__ static T through_activation(const Normalization<P>& normal, const XAndUpstream<P>& in, int k) {
        const T upstream = in.upstream.at[k];
        return normal.before_activation(in.x, k) > 0 ? upstream : upstream * normal.slope;
    }
    __device__ static GradientSums of_part(const ColumnPlace<P>& place, const Normalization<P>& normal,
                                           const BatchNormGradient<T>& p) {
        GradientSums mine{};
        place.for_rows([&](std::size_t i) { return p.template read<P>(i); },
                       [&](std::size_t, const auto& in) {
                           for (int k = 0; k < P::width; ++k) {
                               const T d = through_activation(normal, in, k);
                               mine.d.at[k] += d;
                               mine.product.at[k] += d * normal.centered(in.x, k);
                           }
                       });
        return mine;
    }
};

template <class P, class T>
__device__ Normalization<P> normalization(const ColumnPlace<P>& place, const BatchNormGradient<T>& p) {
    return {place, place.first_row(p.mean), place.first_row(p.inverse_deviation), p.scale, p.shift, p.slope};
}

template <class P, class T>
__global__ void batch_norm_gradient_sums(BatchNormGradient<T> p) {
    const ColumnPlace<P> place(p.grid);
    __shared__ GradientSums<P> states[block_threads];
    const auto sums = merge_over_block(GradientSums<P>::of_part(place, normalization(place, p), p), states);
    if (!place.writes) return;
    const std::size_t at = blockIdx.y * p.grid.columns + place.column;
    store(p.partial.first + at, sums.d);
    store(p.partial.second + at, sums.product);
}

template <class P, bool one_part, class T>
__global__ void batch_norm_gradient(BatchNormGradient<T> p) {
    const ColumnPlace<P> place(p.grid);
    const Normalization<P> normal = normalization(place, p);
    GradientSums<P> sums{};
    if constexpr (one_part) {
        sums = GradientSums<P>::of_part(place, normal, p);
    } else {
        place.for_parts(p.grid, [&](std::size_t part, std::size_t) {
            const std::size_t at = part * p.grid.columns + place.column;
            sums.merge({load<P>(p.partial.first + at), load<P>(p.partial.second + at)});
        });
    }
    __shared__ GradientSums<P> states[block_threads];
    sums = merge_over_block(sums, states);
    const P inverse = place.first_row(p.inverse_deviation);
    if (p.x_gradient) {
        // x_gradient = factor d + constant + linear (x - mean)
        const T rows = static_cast<T>(p.grid.rows);
        P constant, linear;
        for (int k = 0; k < P::width; ++k) {
            constant.at[k] = -normal.factor.at[k] * sums.d.at[k] / rows;
            linear.at[k] = -normal.factor.at[k] * inverse.at[k] * (sums.product.at[k] * inverse.at[k]) / rows;
        }
        place.for_rows([&](std::size_t i) { return p.template read<P>(i); },
                       [&](std::size_t i, const auto& in) {
                           P out;
                           for (int k = 0; k < P::width; ++k) {
                               const T d = GradientSums<P>::through_activation(normal, in, k);
                               out.at[k] = normal.factor.at[k] * d +
                                           (linear.at[k] * normal.centered(in.x, k) + constant.at[k]);
                           }
                           store(p.x_gradient + i, out);
                       });
    }
    if (!place.writes || blockIdx.y != 0) return;
    const auto put = [&](T* gradient, int k, T sum) {
        if (gradient) gradient[place.column + k] = sum + (p.accumulate ? gradient[place.column + k] : T{0});
    };
    for (int k = 0; k < P::width; ++k) {
        put(p.scale_gradient, k, sums.product.at[k] * inverse.at[k]);
        put(p.shift_gradient, k, sums.d.at[k]);
    }
}

/// Where there is one part, `whole`; else `sums`, and `rest` goes on from what they have left.
template <class Parameters>
void start_in_parts(Cuda& device, Parameters p, const char* name, void (*whole)(Parameters),
                    void (*rest)(Parameters), const char* sums_name, void (*sums)(Parameters)) {
    if (p.grid.parts == 1) {
        start(device, name, whole, p.grid.launch(), p);
        return;
    }
    p.partial = decltype(p.partial)::allocate(device, p.grid);
    start(device, sums_name, sums, p.grid.launch(), p);
    start(device, name, rest, p.grid.launch(), p);
}

/// The activations that batch norm has in its pass: y where y > 0, else slope y.
template <class T>
T slope_of(const Activation& a) {
    return a.kind == ActivationKind::leaky_relu ? static_cast<T>(a.parameter) : T{1};
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const BatchNormParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const double rows = static_cast<double>(p.rows), unbiased = rows / std::max(1.0, rows - 1);
    const auto grid = cuda::ColumnGrid::of<T>(p.rows, p.columns);
    const cuda::BatchNorm<T> parameters{grid,
                                        p.x,
                                        p.scale,
                                        p.shift,
                                        p.y,
                                        p.mean,
                                        p.inverse_deviation,
                                        p.running_mean,
                                        p.running_variance,
                                        static_cast<T>(p.epsilon),
                                        static_cast<T>(p.momentum),
                                        static_cast<T>(p.momentum * unbiased),
                                        cuda::slope_of<T>(p.activation),
                                        {}};
    cuda::with_pack<T>(grid, cuda::aligned(p.x, p.y), [&](auto pack) {
        using P = decltype(pack);
        cuda::start_in_parts(device, parameters, "batch_norm", cuda::batch_norm<P, true, T>,
                             cuda::batch_norm<P, false, T>, "batch_norm_statistics",
                             cuda::batch_norm_statistics<P, T>);
    });
}

template <class T>
void launch(Cuda& device, const BatchNormEvaluationParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const auto grid = cuda::ColumnGrid::of<T>(p.rows, p.columns);
    cuda::with_pack<T>(grid, cuda::aligned(p.x, p.y), [&](auto pack) {
        cuda::start(device, "batch_norm_evaluation", cuda::batch_norm_evaluation<decltype(pack), T>,
                    grid.launch(), grid, p.x, p.scale, p.shift, p.mean, p.variance, p.y,
                    static_cast<T>(p.epsilon), cuda::slope_of<T>(p.activation));
    });
}

template <class T>
void launch(Cuda& device, const BatchNormGradientParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const auto grid = cuda::ColumnGrid::of<T>(p.rows, p.columns);
    const cuda::BatchNormGradient<T> parameters{grid,
                                                p.upstream,
                                                p.x,
                                                p.scale,
                                                p.shift,
                                                p.mean,
                                                p.inverse_deviation,
                                                p.x_gradient,
                                                p.scale_gradient,
                                                p.shift_gradient,
                                                p.accumulate,
                                                cuda::slope_of<T>(p.activation),
                                                {}};
    cuda::with_pack<T>(grid, cuda::aligned(p.upstream, p.x, p.x_gradient), [&](auto pack) {
        using P = decltype(pack);
        cuda::start_in_parts(device, parameters, "batch_norm_gradient", cuda::batch_norm_gradient<P, true, T>,
                             cuda::batch_norm_gradient<P, false, T>, "batch_norm_gradient_sums",
                             cuda::batch_norm_gradient_sums<P, T>);
    });
}

}  // namespace gantry
