#pragma once
// GANs whose training steps are measured and counted; the peers in bench/peers build the same ones.
#include "networks/dcgan.hpp"
#include <gantry/gantry.hpp>

namespace gantry::bench {

struct Mlp1200 {
    using Generator = Sequential<Dense<100, 1200>, ReLU, Dense<1200, 1200>, ReLU, Dense<1200, 784>, Tanh>;
    using Discriminator =
        Sequential<Dense<784, 240>, LeakyReLU<0.2f>, Dense<240, 240>, LeakyReLU<0.2f>, Dense<240, 1>>;
};
struct Mlp256 {
    using Generator = Sequential<Dense<100, 128>, ReLU, Dense<128, 256>, ReLU, Dense<256, 784>, Tanh>;
    using Discriminator =
        Sequential<Dense<784, 256>, LeakyReLU<0.2f>, Dense<256, 128>, LeakyReLU<0.2f>, Dense<128, 1>>;
};
using networks::Dcgan32;

}  // namespace gantry::bench
