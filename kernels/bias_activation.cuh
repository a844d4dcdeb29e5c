#pragma once
#include "activation.cuh"
#include "loop.cuh"

namespace gantry::cuda {

template <int pack, class T>
__global__ void bias_activation(T* y, std::size_t size, std::size_t columns, const T* bias,
                                contracts::Activation activation) {
    // Packs do not cross the end of a row.
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        P numbers = load<P>(y + i);
        if (bias) {
            const T* const of_columns = bias + i % columns;
            for (int k = 0; k < P::width; ++k) numbers.at[k] += of_columns[k];
        }
        for (T& number : numbers.at) number = activate(activation, number);
        store(y + i, numbers);
    });
}

/// y[r][c] = activation(y[r][c] + bias[c]), in place: the epilogue of a product by a library. Launches
/// nothing if there is neither a bias (null) nor an activation.
template <class T>
void add_bias_and_activate(Cuda& device, T* y, std::size_t rows, std::size_t columns, const T* bias,
                           contracts::Activation activation) {
    const std::size_t size = rows * columns;
    if (size == 0 || (!bias && activation.kind == contracts::ActivationKind::identity)) return;
    with_width<T>(columns % pack_width<T> == 0 && aligned(y), [&](auto pack) {
        start(device, "bias_activation", bias_activation<decltype(pack)::value, T>, grid_for(size / pack), y,
              size, columns, bias, activation);
    });
}

}  // namespace gantry::cuda
