#include <gantry/gantry.hpp>

using namespace gantry;
using Critic =
    Sequential<Dense<12, 8>, ReLU, SpectralNorm<Dense<8, 1>, SpectralNormOptions{.iterations = 2}>>;
