#include "elementwise.cuh"
#include "reduce.cuh"
#include <gantry/ops/activation.hpp>
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/losses.hpp>

#include <tuple>
#include <utility>

namespace gantry {

#define GANTRY_MAP(F, N)                                                    \
    template void launch(Cuda&, const ElementwiseParameters<F, float, N>&); \
    template void launch(Cuda&, const ElementwiseParameters<F, double, N>&);
#define GANTRY_MAP_SUM(F, N)                                                    \
    template void launch(Cuda&, const TransformReduceParameters<F, float, N>&); \
    template void launch(Cuda&, const TransformReduceParameters<F, double, N>&);
#define GANTRY_LOSS(F)                                                        \
    GANTRY_MAP_SUM(F, 2)                                                      \
    GANTRY_MAP_SUM(Against<F>, 1)                                             \
    template void launch(Cuda&, const LossParameters<F, float, 2>&);          \
    template void launch(Cuda&, const LossParameters<F, double, 2>&);         \
    template void launch(Cuda&, const LossParameters<Against<F>, float, 1>&); \
    template void launch(Cuda&, const LossParameters<Against<F>, double, 1>&);

GANTRY_MAP(Add, 2)
GANTRY_MAP(Subtract, 2)
GANTRY_MAP(Multiply, 2)
GANTRY_MAP(Divide, 2)
GANTRY_MAP(ScaleShift, 1)
GANTRY_MAP(Square, 1)
GANTRY_MAP(Sqrt, 1)
GANTRY_MAP(InverseSqrt, 1)
GANTRY_MAP(Exp, 1)
GANTRY_MAP(Log, 1)

GANTRY_MAP(NotPositive, 1)

GANTRY_MAP(BceWithLogitsGradient, 3)
GANTRY_MAP(SquaredErrorGradient, 3)
GANTRY_LOSS(BceWithLogits)
GANTRY_LOSS(SquaredError)

GANTRY_MAP_SUM(Square, 1)

/// Instantiates the kernels of all activations: taking the address of a template's instance instantiates it.
template <class Parameters>
using Launch = void (*)(Cuda&, const Parameters&);
template <class T, int... kind>
auto launches_of_activations(std::integer_sequence<int, kind...>) {
    return std::tuple{
        static_cast<Launch<ElementwiseParameters<ActivationFunction<ActivationKind{kind}>, T, 1>>>(
            &launch)...,
        static_cast<Launch<ElementwiseParameters<ActivationGradient<ActivationKind{kind}>, T, 2>>>(
            &launch)...};
}
using AllActivations = std::make_integer_sequence<int, activation_count>;
template auto launches_of_activations<float>(AllActivations);
template auto launches_of_activations<double>(AllActivations);

}  // namespace gantry
