#pragma once
#include "tile_product.cuh"
#include <gantry/contracts/matmul.hpp>

namespace gantry::cuda {

template <class T, class Tile, int width, bool transpose_a, bool transpose_b>
__global__ void __launch_bounds__(tile_threads, tile_blocks)
    matmul_tiled_kernel(contracts::MatmulParameters<T> p, Parts<T> parts) {
    __shared__ TileMemory<T, Tile> memory;
    const int tile = static_cast<int>(blockIdx.x), part = static_cast<int>(blockIdx.y);
    const int tiles_across = ceil_div(p.columns, Tile::columns);
    const int first_row = tile / tiles_across * Tile::rows,
              first_column = tile % tiles_across * Tile::columns;
    const int length = parts.length(p.inner), first = min(part * length, p.inner),
              last = min(first + length, p.inner);

    using A = MatrixSource<T, Tile::rows, width, !transpose_a>;
    using B = MatrixSource<T, Tile::columns, width, transpose_b>;
    A a(p.a, static_cast<std::size_t>(transpose_a ? p.rows : p.inner), p.rows, first_row, first, last);
    B b(p.b, static_cast<std::size_t>(transpose_b ? p.inner : p.columns), p.columns, first_column, first,
        last);
    const Sums<T, Tile> sums = tile_product<Tile>(memory, a, b, ceil_div(last - first, tile_depth));
    put_tile(memory, sums, parts, {tile, part}, {p.c, p.accumulate, p.bias, p.activation},
             {first_column, p.columns, p.columns},
             [=](int row) { return first_row + row < p.rows ? first_row + row : -1; });
}

/// Tiled product (tile_product.cuh). Bias and activation, or the addition to C, are fused into the epilogue.
template <class T>
void matmul_tiled(Cuda& device, const contracts::MatmulParameters<T>& p) {
    if (p.rows == 0 || p.columns == 0) return;
    const auto rows = static_cast<std::size_t>(p.rows), columns = static_cast<std::size_t>(p.columns);
    const int line_a = p.transpose_a ? p.rows : p.inner, line_b = p.transpose_b ? p.inner : p.columns;
    const bool packs = aligned(p.a, p.b) && line_a % pack_width<T> == 0 && line_b % pack_width<T> == 0;
    with_tile<T>(rows, p.columns, p.inner, [&](auto tile) {
        using Tile = decltype(tile);
        const std::size_t tiles = tiles_of<Tile>(rows, p.columns);
        const Parts<T> parts = parts_of<T>(device, tiles, p.inner, rows * columns);
        with_width<T>(packs, [&](auto width) {
            constexpr int w = decltype(width)::value;
            const auto kernel = p.transpose_a   ? p.transpose_b ? matmul_tiled_kernel<T, Tile, w, true, true>
                                                                : matmul_tiled_kernel<T, Tile, w, true, false>
                                  : p.transpose_b ? matmul_tiled_kernel<T, Tile, w, false, true>
                                                : matmul_tiled_kernel<T, Tile, w, false, false>;
            start(device, "matmul_tiled", kernel,
                  {{static_cast<unsigned>(tiles), static_cast<unsigned>(parts.count)}, tile_threads}, p,
                  parts);
        });
    });
}

}  // namespace gantry::cuda
