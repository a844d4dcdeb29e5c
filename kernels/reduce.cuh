#pragma once
#include "block_reduce.cuh"
#include "columns.cuh"
#include "elementwise.cuh"
#include "loop.cuh"
#include <gantry/core/math.hpp>
#include <gantry/cuda/launch.hpp>

namespace gantry {
namespace cuda {

// clang-format off
// A source of a sum has these members:
//
//     using Scalar = ...;     // element type
//     reader()                // returns an object that reads the terms:
//         read<P>(i)          // terms i, ..., i + P::width - 1, as a P or a WidePack<P>
//         read_wide<P>(i)     // the same terms, computed in double
// clang-format on
//
// A sum that is not finite is computed again with read_wide: squares of floats can overflow, and so can a sum
// of floats whose mean is representable.

/// Source: the elements of a matrix.
template <class T>
struct Elements {
    using Scalar = T;
    const T* x;

    __device__ const Elements& reader() const { return *this; }
    template <class P>
    __device__ P read(std::size_t i) const {
        return load<P>(x + i);
    }
    template <class P>
    __device__ WidePack<P> read_wide(std::size_t i) const {
        return widen(load<P>(x + i));
    }
};
/// Source for NormParameters: squares of the scaled elements, in double.
template <class T>
struct Squares {
    using Scalar = T;
    const T* x;
    double scale;

    __device__ const Squares& reader() const { return *this; }
    template <class P>
    __device__ WidePack<P> read(std::size_t i) const {
        WidePack<P> squares = widen(load<P>(x + i));
        for (int k = 0; k < P::width; ++k) {
            const double scaled = scale * squares.at[k];
            squares.at[k] = scaled * scaled;
        }
        return squares;
    }
    template <class P>
    __device__ WidePack<P> read_wide(std::size_t i) const {
        return read<P>(i);
    }
};
/// Source for TransformReduceParameters.
template <class F, class T, std::size_t N>
struct MappedInputs {
    using Scalar = T;
    F f;
    Inputs<T, N> inputs;

    __device__ Mapped<F, T, N> reader() const { return {f, inputs}; }
};

/// Source for LossParameters. Reading a value also writes its derivative to `gradient`.
template <class F, class T, std::size_t N>
struct LossInputs {
    using Scalar = T;
    F f;
    Inputs<T, N> inputs;
    T* gradient;
    T scale;

    /// The derivative of F as a functor.
    struct Derivative {
        F f;
        template <class... X>
        __device__ T operator()(X... x) const {
            return f.gradient(x...);
        }
    };
    struct Reader {
        Mapped<F, T, N> value;
        Mapped<Derivative, T, N> derivative;
        T* gradient;
        T scale;

        template <class P>
        __device__ P read(std::size_t i) const {
            P pack = derivative.template read<P>(i);
            for (int k = 0; k < P::width; ++k) pack.at[k] *= scale;
            store(gradient + i, pack);
            return value.template read<P>(i);
        }
        template <class P>
        __device__ WidePack<P> read_wide(std::size_t i) const {
            return value.template read_wide<P>(i);
        }
    };
    __device__ Reader reader() const { return {{f, inputs}, {Derivative{f}, inputs}, gradient, scale}; }
};

/// How rows are summed: each row in `parts` parts of `part` elements, one warp or block per part. It depends
/// on the extents alone.
struct RowSums {
    std::size_t rows, columns, parts, part;
    bool by_warps;

    static constexpr std::size_t chunk = std::size_t{block_threads} * 64;  ///< elements per block

    static RowSums of(std::size_t rows, std::size_t columns) {
        constexpr std::size_t most_parts = 1024;
        const std::size_t chunks = ceil_div(columns, chunk);
        // One launch is enough if rows are short or many.
        const std::size_t wanted = chunks <= 1 || rows >= 256 ? 1 : std::min(4 * chunks, most_parts);
        constexpr std::size_t unit = chunk / 16;
        const std::size_t part = std::max(unit, ceil_div(ceil_div(columns, wanted), unit) * unit);
        return {rows, columns, std::max<std::size_t>(1, ceil_div(columns, part)), part, columns <= 1024};
    }
};

inline constexpr int chunk_of_thread = 16;  ///< packs per chunk of a thread

/// Sum of a thread's chunk, accumulated in the type that `read` returns: read(P{}, i) for packs `step`
/// elements apart, and single elements where no whole pack is left before `end`.
template <class P, class Read>
__device__ double sum_of_chunk(const Read& read, std::size_t i, std::size_t end, std::size_t step) {
    decltype(read(P{}, i)) sums{};
    for (int k = 0; k < chunk_of_thread && i < end; ++k, i += step) {
        if (i + P::width <= end) {
            const auto x = read(P{}, i);
            for (int j = 0; j < P::width; ++j) sums.at[j] += x.at[j];
        } else {
            for (; i < end; ++i) sums.at[0] += read(Pack<typename P::Scalar, 1>{}, i).at[0];
        }
    }
    for (int j = 1; j < P::width; ++j) sums.at[0] += sums.at[j];
    return static_cast<double>(sums.at[0]);
}

/// This warp's share of the sum over [begin, end), which is computed by `threads` threads.
template <int threads, class P, class Reader>
__device__ double sum_of_warp(const Reader& source, std::size_t begin, std::size_t end) {
    const auto read = [&](auto pack, std::size_t i) { return source.template read<decltype(pack)>(i); };
    const auto read_wide = [&](auto pack, std::size_t i) {
        return source.template read_wide<decltype(pack)>(i);
    };
    constexpr std::size_t step = std::size_t{threads} * P::width;
    double total = 0;
    for (std::size_t i = begin + threadIdx.x % threads * P::width; i < end; i += step * chunk_of_thread) {
        const double sum = sum_of_chunk<P>(read, i, end, step);
        total += sum - sum == 0 ? sum : sum_of_chunk<P>(read_wide, i, end, step);
    }
    return warp_sum(total);
}

/// y (rows, parts) = scale * sums (+ y), with `threads` of the 256 threads of a block per sum.
template <int threads, class P, class Source, class Y>
__global__ void row_sums(Source source, RowSums s, Y* y, bool accumulate, double scale) {
    const std::size_t sum_index = std::size_t{blockIdx.x} * (block_threads / threads) + threadIdx.x / threads;
    if (sum_index >= s.rows * s.parts) return;  // exits in whole warps, since a sum has at least one warp
    const std::size_t row = sum_index / s.parts * s.columns, begin = sum_index % s.parts * s.part;
    double sum = sum_of_warp<threads, P>(source.reader(), row + begin, row + min(begin + s.part, s.columns));
    if constexpr (threads > warp_threads) {
        __shared__ double sums[threads / warp_threads];
        sum = sum_of_warps(sum, sums);
    }
    if (threadIdx.x % threads == 0)
        y[sum_index] = static_cast<Y>(scale * sum + (accumulate ? static_cast<double>(y[sum_index]) : 0));
}

template <class Source, class Y>
void start_row_sums(Cuda& device, const char* name, const Source& source, bool aligned, const RowSums& s,
                    Y* y, bool accumulate, double scale) {
    using T = typename Source::Scalar;
    constexpr int width = pack_width<T>;
    const auto run = [&](auto pack, auto threads) {
        using P = decltype(pack);
        constexpr int t = decltype(threads)::value;
        const auto blocks = static_cast<unsigned>(ceil_div<std::size_t>(s.rows * s.parts, block_threads / t));
        start(device, name, row_sums<t, P, Source, Y>, {blocks, block_threads}, source, s, y, accumulate,
              scale);
    };
    const auto with_threads = [&](auto pack) {
        if (s.by_warps)
            run(pack, std::integral_constant<int, warp_threads>{});
        else
            run(pack, std::integral_constant<int, int{block_threads}>{});
    };
    if (aligned && (s.rows == 1 || s.columns % width == 0))
        with_threads(Pack<T, width>{});
    else
        with_threads(Pack<T, width, sizeof(T)>{});
}

/// y (rows) = scale * sums of the rows that `source` reads (+ y). Long rows take two launches: the sums of
/// their parts, then the sums of these.
template <class Source, class Y>
void sum_rows_of(Cuda& device, const char* name, const Source& source, bool source_aligned, std::size_t rows,
                 std::size_t columns, Y* y, bool accumulate, double scale) {
    const RowSums s = RowSums::of(rows, columns);
    if (s.parts == 1) {
        start_row_sums(device, name, source, source_aligned, s, y, accumulate, scale);
        return;
    }
    auto* const partial = static_cast<double*>(device.arena().allocate(rows * s.parts * sizeof(double)));
    start_row_sums(device, name, source, source_aligned, s, partial, false, 1);
    start_row_sums(device, name, Elements<double>{partial}, true, RowSums::of(rows, s.parts), y, accumulate,
                   scale);
}

/// The norm from the sums of squares with each scale.
template <class T>
__global__ void root(const double* squares, contracts::ScaledNorm* scaled, T* norm) {
    const int index = contracts::ScaledNorm::fitting_scale<T>(squares[0]);
    *scaled = {math::sqrt(squares[index]), contracts::ScaledNorm::scale_of(index)};
    *norm = static_cast<T>(scaled->norm / scaled->scale);
}

/// See ClipToNormParameters.
template <int pack, class T>
__global__ void clip_to_norm(std::size_t size, T* x, const contracts::ScaledNorm* norm, double max_norm) {
    const double scale = norm->scale, factor = norm->clip_factor(max_norm);
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        P numbers = load<P>(x + i);
        for (int k = 0; k < P::width; ++k)
            numbers.at[k] = static_cast<T>(factor * (scale * static_cast<double>(numbers.at[k])));
        store(x + i, numbers);
    });
}

/// y (matrices, parts, columns) = scale * column sums of the parts of each matrix of x (+ y).
template <class P, class T, class Y>
__global__ void column_sums(const T* x, ColumnGrid grid, Y* y, bool accumulate, double scale) {
    const ColumnPlace<P> place(grid);
    x += blockIdx.z * grid.rows * grid.columns;
    __shared__ ColumnSums<P> states[block_threads];
    const WidePack<P> sum = merge_over_block(ColumnSums<P>::of_part(place, x), states).sum;
    if (!place.writes) return;
    y += (std::size_t{blockIdx.z} * grid.parts + blockIdx.y) * grid.columns + place.column;
    for (int k = 0; k < P::width; ++k)
        y[k] = static_cast<Y>(scale * sum.at[k] + (accumulate ? static_cast<double>(y[k]) : 0));
}

template <class T, class Y>
void start_column_sums(Cuda& device, const T* x, const ColumnGrid& grid, std::size_t matrices, Y* y,
                       bool accumulate, double scale) {
    with_pack<T>(grid, aligned(x), [&](auto pack) {
        for (std::size_t done = 0; done < matrices; done += ColumnGrid::most_matrices) {
            const std::size_t count = std::min(ColumnGrid::most_matrices, matrices - done);
            start(device, "sum", column_sums<decltype(pack), T, Y>, grid.launch(static_cast<unsigned>(count)),
                  x + done * grid.rows * grid.columns, grid, y + done * grid.parts * grid.columns, accumulate,
                  scale);
        }
    });
}

/// y[i] = scale * x[matrix of i, column of i] if the axis is rows, else scale * x[row of i].
template <int pack, contracts::Axis axis, class T>
__global__ void broadcast(std::size_t size, std::size_t rows, std::size_t columns, const T* x, T* y,
                          T scale) {
    // Packs do not cross the end of a row.
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        P out;
        if constexpr (axis == contracts::Axis::rows) {
            out = load<P>(x + i / columns / rows * columns + i % columns);
        } else {
            const T number = x[i / columns];
            for (int k = 0; k < P::width; ++k) out.at[k] = number;
        }
        for (int k = 0; k < P::width; ++k) out.at[k] *= scale;
        store(y + i, out);
    });
}

}  // namespace cuda

template <class F, class T, std::size_t N>
void launch(Cuda& device, const contracts::TransformReduceParameters<F, T, N>& p) {
    const auto inputs = cuda::Inputs<T, N>::of(p.in, p.scalar);
    cuda::sum_rows_of(device, cuda::name_of<F>(), cuda::MappedInputs<F, T, N>{p.f, inputs}, inputs.aligned(),
                      1, p.size, p.out, false, p.scale);
}

template <class F, class T, std::size_t N>
void launch(Cuda& device, const contracts::LossParameters<F, T, N>& p) {
    const auto inputs = cuda::Inputs<T, N>::of(p.in, p.scalar);
    const cuda::LossInputs<F, T, N> source{p.f, inputs, p.gradient, static_cast<T>(p.scale)};
    cuda::sum_rows_of(device, cuda::name_of<F>(), source, inputs.aligned() && cuda::aligned(p.gradient), 1,
                      p.size, p.value, false, p.scale);
}

template <class T>
void launch(Cuda& device, const contracts::SumParameters<T>& p) {
    if (p.axis == contracts::Axis::columns) {
        const std::size_t rows = p.batches * p.rows;
        if (rows == 0) return;
        cuda::sum_rows_of(device, "sum", cuda::Elements<T>{p.x}, cuda::aligned(p.x), rows, p.columns, p.y,
                          p.accumulate, p.scale);
        return;
    }
    if (p.columns == 0) return;
    const auto grid = cuda::ColumnGrid::of<T>(p.rows, p.columns, p.batches);
    if (grid.parts == 1) {
        cuda::start_column_sums(device, p.x, grid, p.batches, p.y, p.accumulate, p.scale);
        return;
    }
    auto* const partial =
        static_cast<double*>(device.arena().allocate(p.batches * grid.parts * p.columns * sizeof(double)));
    cuda::start_column_sums(device, p.x, grid, p.batches, partial, false, 1);
    cuda::start_column_sums(device, partial, cuda::ColumnGrid::in_one_part<double>(grid.parts, p.columns),
                            p.batches, p.y, p.accumulate, p.scale);
}

template <class T>
void launch(Cuda& device, const contracts::NormParameters<T>& p) {
    constexpr int scales = contracts::ScaledNorm::scales<T>;
    auto* const squares = static_cast<double*>(device.arena().allocate(scales * sizeof(double)));
    for (int i = 0; i < scales; ++i)
        cuda::sum_rows_of(device, "norm", cuda::Squares<T>{p.x, contracts::ScaledNorm::scale_of(i)},
                          cuda::aligned(p.x), 1, p.size, squares + i, false, 1);
    cuda::start(device, "norm_root", cuda::root<T>, {1, 1}, static_cast<const double*>(squares), p.scaled,
                p.norm);
}

template <class T>
void launch(Cuda& device, const contracts::ClipToNormParameters<T>& p) {
    if (p.size == 0) return;
    cuda::with_width<T>(cuda::aligned(p.x), [&](auto pack) {
        cuda::start(device, "clip_to_norm", cuda::clip_to_norm<decltype(pack)::value, T>,
                    cuda::grid_for(cuda::ceil_div<std::size_t>(p.size, pack)), p.size, p.x, p.scaled,
                    p.max_norm);
    });
}

template <class T>
void launch(Cuda& device, const contracts::BroadcastParameters<T>& p) {
    const std::size_t size = p.batches * p.rows * p.columns;
    if (size == 0) return;
    const bool over_rows = p.axis == contracts::Axis::rows;
    const bool packs =
        p.columns % cuda::pack_width<T> == 0 && cuda::aligned(p.y) && (!over_rows || cuda::aligned(p.x));
    cuda::with_width<T>(packs, [&](auto width) {
        constexpr int pack = decltype(width)::value;
        cuda::start(device, "broadcast",
                    over_rows ? cuda::broadcast<pack, contracts::Axis::rows, T>
                              : cuda::broadcast<pack, contracts::Axis::columns, T>,
                    cuda::grid_for(size / pack), size, p.rows, p.columns, p.x, p.y, static_cast<T>(p.scale));
    });
}

}  // namespace gantry
