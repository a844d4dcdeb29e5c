#pragma once
#include "cuda/kernels.hpp"
#include "cuda/placed.hpp"
#include "support/eigen_kernels.hpp"
#include "support/numbers.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace gantry::test {

struct ProductExtents {
    int rows, columns, inner;
};

/// A product of random matrices, on any device, by any of its functions.
template <class T>
struct Product {
    ProductExtents extents;
    bool transpose_a = false, transpose_b = false, accumulate = false, with_bias = false;
    contracts::Activation activation = {};
    std::size_t offset = 0;  ///< of all arrays from an aligned address, in elements

    std::vector<T> a() const { return numbers(extents.rows, extents.inner, "a"); }
    std::vector<T> b() const { return numbers(extents.inner, extents.columns, "b"); }
    std::vector<T> bias() const { return numbers(1, extents.columns, "bias"); }
    /// Old contents of C: added if `accumulate`, otherwise must not be read.
    std::vector<T> before() const {
        std::vector<T> c = numbers(extents.rows, extents.columns, "c");
        if (!accumulate) std::fill(c.begin(), c.end(), std::numeric_limits<T>::quiet_NaN());
        return c;
    }
    contracts::MatmulParameters<T> parameters(const T* a, const T* b, T* c, const T* bias) const {
        return {extents.rows,
                extents.columns,
                extents.inner,
                transpose_a,
                transpose_b,
                a,
                b,
                c,
                accumulate,
                with_bias ? bias : nullptr,
                activation};
    }

    template <class F>
    std::vector<T> on(Cuda& device, const F& f) const {
        const Placed<T, Cuda> in_a(device, a(), offset), in_b(device, b(), offset),
            in_bias(device, bias(), offset), c(device, before(), offset);
        f(device, parameters(in_a.data(), in_b.data(), c.data(), in_bias.data()));
        return c.to_host();
    }
    std::vector<double> on_reference() const {
        EigenCpu reference;
        const std::vector<double> in_a = as_doubles(a()), in_b = as_doubles(b()),
                                  in_bias = as_doubles(bias());
        std::vector<double> c = as_doubles(before());
        const Product<double> in_double{extents,   transpose_a, transpose_b, accumulate,
                                        with_bias, activation,  offset};
        launch(reference, in_double.parameters(in_a.data(), in_b.data(), c.data(), in_bias.data()));
        return c;
    }

private:
    static std::vector<T> numbers(int rows, int columns, const char* name) {
        return random_numbers<T>(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns), name);
    }
};

}  // namespace gantry::test
