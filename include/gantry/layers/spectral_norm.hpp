#pragma once
#include <gantry/core/parameter.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>
#include <gantry/layers/state.hpp>
#include <gantry/layers/weight.hpp>
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/matmul.hpp>
#include <gantry/ops/piecewise.hpp>
#include <gantry/ops/sum.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gantry {

/// Options of SpectralNorm; the defaults are those of PyTorch.
struct SpectralNormOptions {
    int iterations = 1;      ///< of the power method in each training pass, at least 1
    double epsilon = 1e-12;  ///< u and v are divided by their length, or by this if it is larger
};

namespace diagnosis {
/// Compile-time check that a layer has a weight.
template <class Given>
struct SpectralNormTakesLayer {
    static_assert(sizeof(Given) == 0,
                  "gantry: SpectralNorm takes a layer with a weight matrix, such as Dense, Conv2d, "
                  "ConvTranspose2d or Embedding: SpectralNorm<Dense<784, 240>> (see "
                  "SpectralNormTakesLayer<given>)");
};
/// Compile-time check of SpectralNorm's options.
template <SpectralNormOptions options>
struct SpectralNormIterates {
    static_assert(options.iterations > 0 && options.epsilon > 0,
                  "gantry: SpectralNorm needs at least 1 iteration and a positive epsilon");
};
}  // namespace diagnosis

namespace detail {
/// The parameters and states of SpectralNorm<Layer>, with PyTorch's names.
template <class Layer>
struct SpectralTensors {
    using Parameters = core::ParameterList<>;
    using State = core::ParameterList<>;
};
template <layers::HasWeight Layer>
struct SpectralTensors<Layer> {
    using Weight = layers::weight_of<Layer>;
    using Matrix = layers::WeightMatrix<Layer>;
    using Parameters = layers::parameters_with<Layer, typename Weight::template WithName<"weight_orig">>;
    using U = core::Parameter<"weight_u", Shape<Matrix::outputs>, Role::direction>;
    using V =
        core::Parameter<"weight_v", typename Matrix::OneOutput, Role::direction, 0, 0,
                        Matrix::rows_are_outputs ? core::FileOrder::as_in_memory : core::FileOrder::inputs>;
    using State = core::ParameterList<U, V>;
};

/// sum of x, in Sum: S -> Shape<>.
template <class Sum, AnyTensor X>
auto sum_in(const X& x) {
    return core::typed<Shape<>, X>(ops::run_op(ops::SumOp<Sum>{1, x.value().size(), contracts::Axis::columns},
                                               core::Extents{}, {}, x.value()));
}
/// x / max(|x|, epsilon)
template <class Sum, AnyTensor X>
auto unit_vector(const X& x, double epsilon) {
    const auto length = sqrt(sum_in<Sum>(square(x)));
    return x / clamp(length, epsilon, std::numeric_limits<double>::infinity());
}
/// m x, or the transpose of m times x, for a vector x as a column.
template <class Sum, bool transposed, AnyTensor M, AnyTensor X>
auto times(const M& m, const X& x) {
    using Y = Shape<M::shape::extents(0).of[transposed ? 1 : 0], 1>;
    return core::typed<Y, M, X>(ops::matmul<Sum>(m.value(), transposed, x.value(), false));
}
}  // namespace detail

/// Layer with its weight divided by the weight's largest singular value sigma, so that it is 1-Lipschitz:
/// SpectralNorm<Conv2d<64, 128, window>>, for the discriminators of GANs. Shapes are those of Layer, whose
/// weight is a matrix with one row for each output, as in PyTorch's layout.
///
/// sigma = u^T W v, with vectors u and v that are states: each training pass first does a step of the power
/// method, v = W^T u / |W^T u| and u = W v / |W v|. Passes in which the weight is a constant (evaluation,
/// frozen, Network::freeze) leave them as they are. Gradients of any order flow through sigma; u and v are
/// constants to them. A new network's u and v are random, and so is its sigma until some training passes have
/// run.
///
/// The names of parameters and states are those of torch.nn.utils.spectral_norm: weight_orig, bias, weight_u,
/// weight_v. Source: Miyato, Kataoka, Koyama and Yoshida, "Spectral normalization for generative adversarial
/// networks" (2018), section 2.1 and algorithm 1.
template <class Layer, SpectralNormOptions options = SpectralNormOptions{}>
struct SpectralNorm
    : layers::Reweighted<std::conditional_t<layers::HasWeight<Layer>, Layer, layers::PlainLayer>>,
      layers::Part<SpectralNorm<Layer, options>> {
    static constexpr bool iterates = options.iterations > 0 && options.epsilon > 0;  ///< checked by Valid
    using Valid = std::conditional_t<
        !layers::HasWeight<Layer>, core::StaticCheck<false, diagnosis::SpectralNormTakesLayer<Layer>>,
        std::conditional_t<iterates, detail::options_check<Layer>,
                           core::StaticCheck<false, diagnosis::SpectralNormIterates<options>>>>;
    using Parameters = typename detail::SpectralTensors<Layer>::Parameters;
    using State = typename detail::SpectralTensors<Layer>::State;
    /// The same layer with n times the outputs; see Maxout.
    template <int factor, class Of = Layer>
    using Widened = SpectralNorm<typename Of::template Widened<factor>, options>;

    static std::string name() { return "SpectralNorm of " + Layer::name(); }

    /// `more`: the other parameters of Layer, then u and v.
    template <class P, AnyTensor X, AnyTensor W, AnyTensor... More>
    static auto forward(const P& pass, const X& x, const W& weight, const More&... more) {
        constexpr std::size_t others = sizeof...(More) - 2;
        const auto all = std::tie(more...);
        const auto w = normalized<P>(weight, std::get<others>(all), std::get<others + 1>(all));
        return [&]<std::size_t... i>(std::index_sequence<i...>) {
            return Layer::forward(pass, x, w, std::get<i>(all)...);
        }(std::make_index_sequence<others>{});
    }

private:
    /// weight / sigma. A recorded pass never reads the memory of the states, so that another training pass of
    /// the same step may overwrite them.
    template <class P, AnyTensor W, AnyTensor U, AnyTensor V>
    static auto normalized(const W& weight, const U& u_state, const V& v_state) {
        using Matrix = layers::WeightMatrix<Layer>;
        using Sum = typename P::Sum;
        constexpr bool to_outputs = !Matrix::rows_are_outputs;  // whether W v needs the matrix transposed
        const auto matrix = Matrix::of(weight);
        auto u = reshape<Shape<Matrix::outputs, 1>>(u_state);
        auto v = reshape<Shape<Matrix::inputs, 1>>(v_state);
        if constexpr (P::training && core::is_recorded<W>) {
            if (weight.value().node) {
                const auto constant = detach(matrix);
                for (int i = 0; i < options.iterations; ++i) {
                    v = detail::unit_vector<Sum>(detail::times<Sum, !to_outputs>(constant, u),
                                                 options.epsilon);
                    u = detail::unit_vector<Sum>(detail::times<Sum, to_outputs>(constant, v),
                                                 options.epsilon);
                }
                layers::write_state(u_state, reshape<typename U::shape>(u));
                layers::write_state(v_state, reshape<typename V::shape>(v));
            }
        }
        return weight / detail::sum_in<Sum>(detail::times<Sum, to_outputs>(matrix, v) * u);
    }
};

}  // namespace gantry
