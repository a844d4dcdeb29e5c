#pragma once
#include "loop.cuh"
#include <gantry/cuda/launch.hpp>

#include <array>
#include <utility>

namespace gantry {
namespace cuda {

/// Inputs of ElementwiseParameters as a kernel argument, since device code cannot use std::array.
template <class T, std::size_t N>
struct Inputs {
    const T* in[N];
    bool scalar[N];

    static Inputs of(const std::array<const T*, N>& in, const std::array<bool, N>& scalar) {
        Inputs inputs;
        std::copy(in.begin(), in.end(), inputs.in);
        std::copy(scalar.begin(), scalar.end(), inputs.scalar);
        return inputs;
    }
    /// True if all inputs that are not scalars can be read in packs.
    bool aligned() const {
        bool result = true;
        for (std::size_t k = 0; k < N; ++k) result = result && (scalar[k] || cuda::aligned(in[k]));
        return result;
    }
};

/// f applied to the inputs. Each thread reads a scalar once, from GPU memory.
template <class F, class T, std::size_t N>
class Mapped {
public:
    __device__ Mapped(const F& f, const Inputs<T, N>& inputs) : f_(f), inputs_(inputs) {
        for (std::size_t k = 0; k < N; ++k) scalars_[k] = inputs.scalar[k] ? *inputs.in[k] : T{0};
    }
    /// The results for i, ..., i + P::width - 1.
    template <class P>
    __device__ P read(std::size_t i) const {
        P x[N], y;
        for (std::size_t k = 0; k < N; ++k) {
            if (inputs_.scalar[k])
                for (int j = 0; j < P::width; ++j) x[k].at[j] = scalars_[k];
            else
                x[k] = load<P>(inputs_.in[k] + i);
        }
        for (int j = 0; j < P::width; ++j) y.at[j] = apply(x, j, std::make_index_sequence<N>{});
        return y;
    }

    /// The same values, computed in double.
    template <class P>
    __device__ WidePack<P> read_wide(std::size_t i) const {
        WidePack<P> y;
        for (int j = 0; j < P::width; ++j) y.at[j] = in_double(i + j, std::make_index_sequence<N>{});
        return y;
    }

private:
    template <std::size_t... k>
    __device__ double in_double(std::size_t i, std::index_sequence<k...>) const {
        return f_(static_cast<double>(inputs_.scalar[k] ? scalars_[k] : inputs_.in[k][i])...);
    }
    template <class P, std::size_t... k>
    __device__ T apply(const P (&x)[N], int j, std::index_sequence<k...>) const {
        return f_(x[k].at[j]...);
    }

    F f_;
    Inputs<T, N> inputs_;
    T scalars_[N];
};

template <int pack, class F, class T, std::size_t N>
__global__ void elementwise(F f, std::size_t size, T* out, Inputs<T, N> inputs) {
    const Mapped<F, T, N> y(f, inputs);
    for_each_pack<pack>(size, [&](std::size_t i, auto width) {
        using P = Pack<T, decltype(width)::value>;
        store(out + i, y.template read<P>(i));
    });
}

/// Name of a functor in profiles.
template <class F>
constexpr const char* name_of() {
    if constexpr (requires { F::name; })
        return F::name.data();
    else
        return "elementwise";
}

}  // namespace cuda

template <class F, class T, std::size_t N>
void launch(Cuda& device, const contracts::ElementwiseParameters<F, T, N>& p) {
    if (p.size == 0) return;
    const auto inputs = cuda::Inputs<T, N>::of(p.in, p.scalar);
    cuda::with_width<T>(inputs.aligned() && cuda::aligned(p.out), [&](auto width) {
        constexpr int pack = decltype(width)::value;
        cuda::start(device, cuda::name_of<F>(), cuda::elementwise<pack, F, T, N>,
                    cuda::grid_for(cuda::ceil_div<std::size_t>(p.size, pack)), p.f, p.size, p.out, inputs);
    });
}

}  // namespace gantry
