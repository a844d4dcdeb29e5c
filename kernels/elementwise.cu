#include "elementwise.cuh"
#include "reduce.cuh"
#include <gantry/network/average.hpp>
#include <gantry/ops/activation.hpp>
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/comparison.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/ops/piecewise.hpp>

#include <tuple>
#include <utility>

namespace gantry {

#define GANTRY_MAP(F, N)                                                               \
    template void launch(Cuda&, const contracts::ElementwiseParameters<F, float, N>&); \
    template void launch(Cuda&, const contracts::ElementwiseParameters<F, double, N>&);
#define GANTRY_MAP_SUM(F, N)                                                               \
    template void launch(Cuda&, const contracts::TransformReduceParameters<F, float, N>&); \
    template void launch(Cuda&, const contracts::TransformReduceParameters<F, double, N>&);
#define GANTRY_LOSS(F)                                                                        \
    GANTRY_MAP_SUM(F, 2)                                                                      \
    GANTRY_MAP_SUM(ops::Against<F>, 1)                                                        \
    template void launch(Cuda&, const contracts::LossParameters<F, float, 2>&);               \
    template void launch(Cuda&, const contracts::LossParameters<F, double, 2>&);              \
    template void launch(Cuda&, const contracts::LossParameters<ops::Against<F>, float, 1>&); \
    template void launch(Cuda&, const contracts::LossParameters<ops::Against<F>, double, 1>&);

GANTRY_MAP(ops::Add, 2)
GANTRY_MAP(ops::Subtract, 2)
GANTRY_MAP(ops::Multiply, 2)
GANTRY_MAP(ops::Divide, 2)
GANTRY_MAP(ops::ScaleShift, 1)
GANTRY_MAP(ops::Square, 1)
GANTRY_MAP(ops::Sqrt, 1)
GANTRY_MAP(ops::InverseSqrt, 1)
GANTRY_MAP(ops::Exp, 1)
GANTRY_MAP(ops::Log, 1)

GANTRY_MAP(ops::Inverse, 1)
GANTRY_MAP(ops::Power, 1)

GANTRY_MAP(ops::Abs, 1)
GANTRY_MAP(ops::Sign, 1)
GANTRY_MAP(ops::Clamp, 1)
GANTRY_MAP(ops::ClampGradient, 2)
GANTRY_MAP(ops::Maximum, 2)
GANTRY_MAP(ops::Minimum, 2)
GANTRY_MAP(ops::LargerGradient, 3)

GANTRY_MAP(ops::Compare<ops::Order::less>, 2)
GANTRY_MAP(ops::Compare<ops::Order::less_equal>, 2)
GANTRY_MAP(ops::CompareWith<ops::Order::less>, 1)
GANTRY_MAP(ops::CompareWith<ops::Order::less_equal>, 1)
GANTRY_MAP(ops::CompareWith<ops::Order::greater>, 1)
GANTRY_MAP(ops::CompareWith<ops::Order::greater_equal>, 1)
GANTRY_MAP(ops::Masked<true>, 2)
GANTRY_MAP(ops::Masked<false>, 2)
GANTRY_MAP(ops::Where, 3)

GANTRY_MAP(ops::NotPositive, 1)

GANTRY_MAP(ops::BceWithLogitsGradient, 3)
GANTRY_MAP(ops::SquaredErrorGradient, 3)
GANTRY_LOSS(ops::BceWithLogits)
GANTRY_LOSS(ops::SquaredError)

GANTRY_MAP(layers::MoveAverage, 2)

GANTRY_MAP_SUM(ops::Square, 1)

/// Instantiates the kernels of all activations: taking the address of a template's instance instantiates it.
template <class Parameters>
using Launch = void (*)(Cuda&, const Parameters&);
template <class T, int... kind>
auto launches_of_activations(std::integer_sequence<int, kind...>) {
    return std::tuple{static_cast<Launch<contracts::ElementwiseParameters<
                          ops::ActivationFunction<contracts::ActivationKind{kind}>, T, 1>>>(&launch)...,
                      static_cast<Launch<contracts::ElementwiseParameters<
                          ops::ActivationGradient<contracts::ActivationKind{kind}>, T, 2>>>(&launch)...};
}
using AllActivations = std::make_integer_sequence<int, ops::activation_count>;
template auto launches_of_activations<float>(AllActivations);
template auto launches_of_activations<double>(AllActivations);

}  // namespace gantry
