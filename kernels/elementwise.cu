#include "elementwise.cuh"
#include "reduce.cuh"
#include <gantry/ops/activation.hpp>
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/losses.hpp>

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
#define GANTRY_ACTIVATION(kind)                             \
    GANTRY_MAP(ActivationFunction<ActivationKind::kind>, 1) \
    GANTRY_MAP(ActivationGradient<ActivationKind::kind>, 2)

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

GANTRY_ACTIVATION(leaky_relu)
GANTRY_ACTIVATION(elu)
GANTRY_ACTIVATION(softplus)
GANTRY_ACTIVATION(sigmoid)
GANTRY_ACTIVATION(tanh)
GANTRY_MAP(NotPositive, 1)

GANTRY_MAP(BceWithLogitsGradient, 3)
GANTRY_MAP(SquaredErrorGradient, 3)
GANTRY_LOSS(BceWithLogits)
GANTRY_LOSS(SquaredError)

GANTRY_MAP_SUM(Square, 1)

}  // namespace gantry
