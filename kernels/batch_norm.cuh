#pragma once
#include "columns.cuh"
#include "loop.cuh"
#include <gantry/core/math.hpp>
#include <gantry/cuda/launch.hpp>
#include <gantry/ops/activation.hpp>

#include <algorithm>
#include <type_traits>

namespace gantry {
namespace cuda {

// At most two launches over the same tiles and parts (columns.cuh). The first computes partial sums per part.
// In the second, each block merges the partial sums of its columns and writes the result. If there is one
// part (a batch of vectors), one launch does both. So x is read twice, and the result is written once.

/// Count, mean and sum of squared distances to the mean, for each column of a pack. A thread computes them in
/// T, or in double if its squares overflow; threads are merged in double.
template <class P>
struct Moments {
    double count;
    WidePack<P> mean, squares;

    /// Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing sample variances"
    /// (1979), eq. 2.1
    __device__ void merge(const Moments& other) {
        if (other.count == 0) return;
        const double total = count + other.count, share = other.count / total;
        for (int k = 0; k < P::width; ++k) {
            const double distance = other.mean.at[k] - mean.at[k];
            mean.at[k] += distance * share;
            squares.at[k] += other.squares.at[k] + distance * distance * (share * count);
        }
        count = total;
    }

    /// The moments of this thread's rows of the block's part: in double if squares overflow, or if the
    /// epsilon that will be added to them is so small that underflow would show.
    __device__ static Moments of_part(const ColumnPlace<P>& place, const typename P::Scalar* x,
                                      double epsilon) {
        const Moments mine = sum_up<P>(place, x);
        return all_finite(mine.squares) && epsilon > 1e-30 ? mine : sum_up<WidePack<P>>(place, x);
    }

private:
    /// Sums the distances to the thread's first element, and their squares. Since the origin is one of the
    /// elements, the subtraction at the end loses no more digits than the count has, however large the mean
    /// is.
    template <class Sums>
    __device__ static Moments sum_up(const ColumnPlace<P>& place, const typename P::Scalar* x) {
        using Sum = std::remove_cvref_t<decltype(Sums{}.at[0])>;
        Moments mine{};
        Sums origin{}, sum{}, squares{};
        place.for_rows([&](std::size_t i) { return load<P>(x + i); },
                       [&](std::size_t, const P& pack) {
                           for (int k = 0; k < P::width; ++k) {
                               const Sum number = pack.at[k];
                               if (mine.count == 0) origin.at[k] = number;
                               const Sum distance = number - origin.at[k];
                               sum.at[k] += distance;
                               squares.at[k] += distance * distance;
                           }
                           mine.count += 1;
                       });
        if (mine.count > 0)
            for (int k = 0; k < P::width; ++k) {
                const Sum mean = sum.at[k] / static_cast<Sum>(mine.count);
                mine.mean.at[k] = static_cast<double>(origin.at[k]) + static_cast<double>(mean);
                mine.squares.at[k] = math::max(squares.at[k] - mean * sum.at[k], Sum{0});
            }
        return mine;
    }
};

/// Partial results of the first launch: two values per part and column.
struct PartialPairs {
    double *first, *second;  ///< (parts, columns) each

    static PartialPairs allocate(Cuda& device, const ColumnGrid& grid) {
        const std::size_t size = grid.parts * grid.columns;
        auto* const memory = static_cast<double*>(device.arena().allocate(2 * size * sizeof(double)));
        return {memory, memory + size};
    }
    template <class P>
    __device__ void write(std::size_t at, const WidePack<P>& a, const WidePack<P>& b) const {
        for (int k = 0; k < P::width; ++k) {
            first[at + k] = a.at[k];
            second[at + k] = b.at[k];
        }
    }
    template <class P>
    __device__ static WidePack<P> read(const double* from) {
        WidePack<P> numbers;
        for (int k = 0; k < P::width; ++k) numbers.at[k] = from[k];
        return numbers;
    }
};

/// y = activation(factor (x - mean) + shift) for a pack of columns.
template <class P>
struct Normalization {
    using T = typename P::Scalar;
    P mean, mean_rest, factor, shift;
    T slope;

    __device__ Normalization(const ColumnPlace<P>& place, const P& mean_, const P& mean_rest_, const P& rstd,
                             const T* scale, const T* shifts, T slope_)
        : mean(mean_), mean_rest(mean_rest_), factor{}, shift{}, slope(slope_) {
        if (!place.inside) return;
        for (int k = 0; k < P::width; ++k) {
            factor.at[k] = scale[place.column + k] * rstd.at[k];
            shift.at[k] = shifts[place.column + k];
        }
    }
    __device__ T centered(const P& x, int k) const { return (x.at[k] - mean.at[k]) - mean_rest.at[k]; }
    __device__ T pre_activation(const P& x, int k) const {
        return centered(x, k) * factor.at[k] + shift.at[k];
    }
    __device__ void write(const ColumnPlace<P>& place, const T* x, T* y) const {
        place.for_rows([&](std::size_t i) { return load<P>(x + i); },
                       [&](std::size_t i, const P& in) {
                           P out;
                           for (int k = 0; k < P::width; ++k) {
                               const T z = pre_activation(in, k);
                               out.at[k] = z > 0 ? z : z * slope;
                           }
                           store(y + i, out);
                       });
    }
};

/// BatchNormParameters as a kernel argument.
template <class T>
struct BatchNorm {
    ColumnGrid grid;
    const T *x, *scale, *shift;
    T *y, *mean, *mean_rest, *rstd, *running_mean, *running_variance;
    double epsilon, momentum, unbiased;
    T slope;
    PartialPairs partial;  ///< means, and sums of squared distances
};

template <class P, class T>
__global__ void batch_norm_statistics(BatchNorm<T> p) {
    const ColumnPlace<P> place(p.grid);
    __shared__ Moments<P> states[block_threads];
    const Moments<P> moments = merge_over_block(Moments<P>::of_part(place, p.x, p.epsilon), states);
    if (place.writes)
        p.partial.template write<P>(blockIdx.y * p.grid.columns + place.column, moments.mean,
                                    moments.squares);
}

template <class P, bool one_part, class T>
__global__ void batch_norm(BatchNorm<T> p) {
    const ColumnPlace<P> place(p.grid);
    Moments<P> moments{};
    if constexpr (one_part) {
        moments = Moments<P>::of_part(place, p.x, p.epsilon);
    } else {
        place.for_parts(p.grid, [&](std::size_t part, std::size_t rows) {
            const std::size_t at = part * p.grid.columns + place.column;
            moments.merge({static_cast<double>(rows), PartialPairs::read<P>(p.partial.first + at),
                           PartialPairs::read<P>(p.partial.second + at)});
        });
    }
    __shared__ Moments<P> states[block_threads];
    moments = merge_over_block(moments, states);
    const double rows = static_cast<double>(p.grid.rows);
    P mean, mean_rest, rstd;
    for (int k = 0; k < P::width; ++k) {
        mean.at[k] = static_cast<T>(moments.mean.at[k]);
        mean_rest.at[k] = static_cast<T>(moments.mean.at[k] - static_cast<double>(mean.at[k]));
        rstd.at[k] = static_cast<T>(1 / math::sqrt(moments.squares.at[k] / rows + p.epsilon));
    }
    Normalization<P>(place, mean, mean_rest, rstd, p.scale, p.shift, p.slope).write(place, p.x, p.y);

    if (!place.writes || blockIdx.y != 0) return;
    const auto move = [&](T& running, double batch) {
        running = static_cast<T>(running + p.momentum * (batch - running));
    };
    for (int k = 0; k < P::width; ++k) {
        const std::size_t c = place.column + k;
        p.mean[c] = mean.at[k];
        if (p.mean_rest) p.mean_rest[c] = mean_rest.at[k];
        p.rstd[c] = rstd.at[k];
        if (!p.running_mean) continue;
        move(p.running_mean[c], moments.mean.at[k]);
        move(p.running_variance[c], moments.squares.at[k] / rows * p.unbiased);
    }
}

template <class P, class T>
__global__ void batch_norm_evaluation(ColumnGrid grid, const T* x, const T* scale, const T* shift,
                                      const T* mean, const T* variance, T* y, T epsilon, T slope) {
    const ColumnPlace<P> place(grid);
    if (!place.inside) return;
    P means, rstds;
    for (int k = 0; k < P::width; ++k) {
        means.at[k] = mean[place.column + k];
        rstds.at[k] = T{1} / math::sqrt(variance[place.column + k] + epsilon);
    }
    Normalization<P>(place, means, P{}, rstds, scale, shift, slope).write(place, x, y);
}

template <class P>
struct XAndUpstream {
    P x, upstream;
};

/// BatchNormGradientParameters as a kernel argument.
template <class T>
struct BatchNormGradient {
    ColumnGrid grid;
    const T *upstream, *x, *scale, *shift, *mean, *mean_rest, *rstd;
    T *x_gradient, *scale_gradient, *shift_gradient;
    bool accumulate;
    T slope;
    PartialPairs partial;  ///< the members of GradientSums

    template <class P>
    __device__ XAndUpstream<P> read(std::size_t i) const {
        return {load<P>(x + i), load<P>(upstream + i)};
    }
};

/// Sums of d and of d (x - mean), where d = upstream activation'(y).
template <class P>
struct GradientSums {
    using T = typename P::Scalar;
    WidePack<P> d, product;

    __device__ void merge(const GradientSums& other) {
        for (int k = 0; k < P::width; ++k) {
            d.at[k] += other.d.at[k];
            product.at[k] += other.product.at[k];
        }
    }
    __device__ static T through_activation(const Normalization<P>& normal, const XAndUpstream<P>& in, int k) {
        const T upstream = in.upstream.at[k];
        return normal.pre_activation(in.x, k) > 0 ? upstream : upstream * normal.slope;
    }
    __device__ static GradientSums of_part(const ColumnPlace<P>& place, const Normalization<P>& normal,
                                           const BatchNormGradient<T>& p) {
        P ds{}, products{};
        place.for_rows([&](std::size_t i) { return p.template read<P>(i); },
                       [&](std::size_t, const auto& in) {
                           for (int k = 0; k < P::width; ++k) {
                               const T d = through_activation(normal, in, k);
                               ds.at[k] += d;
                               products.at[k] += d * normal.centered(in.x, k);
                           }
                       });
        return {widen(ds), widen(products)};
    }
};

template <class P, class T>
__device__ Normalization<P> normalization(const ColumnPlace<P>& place, const BatchNormGradient<T>& p) {
    return {place,
            place.first_row(p.mean),
            p.mean_rest ? place.first_row(p.mean_rest) : P{},
            place.first_row(p.rstd),
            p.scale,
            p.shift,
            p.slope};
}

template <class P, class T>
__global__ void batch_norm_gradient_sums(BatchNormGradient<T> p) {
    const ColumnPlace<P> place(p.grid);
    __shared__ GradientSums<P> states[block_threads];
    const auto sums = merge_over_block(GradientSums<P>::of_part(place, normalization(place, p), p), states);
    if (place.writes)
        p.partial.template write<P>(blockIdx.y * p.grid.columns + place.column, sums.d, sums.product);
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
            sums.merge(
                {PartialPairs::read<P>(p.partial.first + at), PartialPairs::read<P>(p.partial.second + at)});
        });
    }
    __shared__ GradientSums<P> states[block_threads];
    sums = merge_over_block(sums, states);
    const P inverse = place.first_row(p.rstd);
    if (p.x_gradient) {
        // x_gradient = factor (d - constant - linear n), where n = (x - mean) inverse
        const double rows = static_cast<double>(p.grid.rows);
        P constant, linear;
        for (int k = 0; k < P::width; ++k) {
            constant.at[k] = static_cast<T>(sums.d.at[k] / rows);
            linear.at[k] = static_cast<T>(sums.product.at[k] * inverse.at[k] / rows);
        }
        place.for_rows([&](std::size_t i) { return p.template read<P>(i); },
                       [&](std::size_t i, const auto& in) {
                           P out;
                           for (int k = 0; k < P::width; ++k) {
                               const T d = GradientSums<P>::through_activation(normal, in, k);
                               const T n = normal.centered(in.x, k) * inverse.at[k];
                               out.at[k] = normal.factor.at[k] * (d - (linear.at[k] * n + constant.at[k]));
                           }
                           store(p.x_gradient + i, out);
                       });
    }
    if (!place.writes || blockIdx.y != 0) return;
    const auto put = [&](T* gradient, int k, double sum) {
        if (!gradient) return;
        T& result = gradient[place.column + k];
        result = static_cast<T>(sum + (p.accumulate ? static_cast<double>(result) : 0));
    };
    for (int k = 0; k < P::width; ++k) {
        put(p.scale_gradient, k, sums.product.at[k] * inverse.at[k]);
        put(p.shift_gradient, k, sums.d.at[k]);
    }
}

/// Launches `whole` if there is one part; otherwise `sums`, then `rest`, which merges the partial results.
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

/// Negative slope of the fused activation: y where y > 0, else slope y.
template <class T>
T slope_of(const contracts::Activation& a) {
    return a.kind == contracts::ActivationKind::leaky_relu ? static_cast<T>(a.parameter) : T{1};
}

}  // namespace cuda

template <class T>
void launch(Cuda& device, const contracts::BatchNormParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const double rows = static_cast<double>(p.rows), unbiased = rows / std::max(1.0, rows - 1);
    const auto grid = cuda::ColumnGrid::of<T>(p.rows, p.columns);
    const cuda::BatchNorm<T> parameters{grid,
                                        p.x,
                                        p.scale,
                                        p.shift,
                                        p.y,
                                        p.mean,
                                        p.mean_rest,
                                        p.rstd,
                                        p.running_mean,
                                        p.running_variance,
                                        p.epsilon,
                                        p.momentum,
                                        unbiased,
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
void launch(Cuda& device, const contracts::BatchNormEvaluationParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const auto grid = cuda::ColumnGrid::of<T>(p.rows, p.columns);
    cuda::with_pack<T>(grid, cuda::aligned(p.x, p.y), [&](auto pack) {
        cuda::start(device, "batch_norm_evaluation", cuda::batch_norm_evaluation<decltype(pack), T>,
                    grid.launch(), grid, p.x, p.scale, p.shift, p.mean, p.variance, p.y,
                    static_cast<T>(p.epsilon), cuda::slope_of<T>(p.activation));
    });
}

template <class T>
void launch(Cuda& device, const contracts::BatchNormGradientParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const auto grid = cuda::ColumnGrid::of<T>(p.rows, p.columns);
    const cuda::BatchNormGradient<T> parameters{grid,
                                                p.upstream,
                                                p.x,
                                                p.scale,
                                                p.shift,
                                                p.mean,
                                                p.mean_rest,
                                                p.rstd,
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
