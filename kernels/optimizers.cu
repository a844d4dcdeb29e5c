#include "optimizers.cuh"
#include <gantry/optim/adam.hpp>
#include <gantry/optim/adam_w.hpp>
#include <gantry/optim/lion.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/rms_prop.hpp>
#include <gantry/optim/sgd.hpp>

namespace gantry {

#define GANTRY_INSTANTIATE(Update)                                                  \
    template void launch(Cuda&, const contracts::UpdateParameters<Update<float>>&); \
    template void launch(Cuda&, const contracts::UpdateParameters<Update<double>>&)

GANTRY_INSTANTIATE(optim::SgdUpdate);
GANTRY_INSTANTIATE(optim::AdamUpdate);
GANTRY_INSTANTIATE(optim::AdamWUpdate);
GANTRY_INSTANTIATE(optim::OptimisticAdamUpdate);
GANTRY_INSTANTIATE(optim::RmsPropUpdate);
GANTRY_INSTANTIATE(optim::LionUpdate);

}  // namespace gantry
