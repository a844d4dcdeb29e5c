#include "optimizers.cuh"
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

namespace gantry {

#define GANTRY_INSTANTIATE(Update)                                       \
    template void launch(Cuda&, const UpdateParameters<Update<float>>&); \
    template void launch(Cuda&, const UpdateParameters<Update<double>>&)

GANTRY_INSTANTIATE(SgdUpdate);
GANTRY_INSTANTIATE(AdamUpdate);
GANTRY_INSTANTIATE(AdamWUpdate);
GANTRY_INSTANTIATE(OptimisticAdamUpdate);
GANTRY_INSTANTIATE(RmsPropUpdate);
GANTRY_INSTANTIATE(LionUpdate);

}  // namespace gantry
