#pragma once
#include <gantry/cuda.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gantry::test {

using TrainedNetwork = Sequential<Dense<9, 16>, LeakyReLU<0.2f>, Dropout<0.3f>, Dense<16, 8>, BatchNorm<8>,
                                  SpectralNorm<Dense<8, 1>>>;

/// A network and its optimizer, trained on noise.
struct Training {
    Cuda device;
    Network<TrainedNetwork, Cuda> network{device, Seed{1}};
    Adam<Network<TrainedNetwork, Cuda>> adam{network, {.learning_rate = 1e-2}};
    RandomStream noise{Seed{2}, "noise"};

    void step(int batch) {
        const Step step{device};
        const auto loss = bce_with_logits(network(normal<Shape<Batch, 9>>(device, batch, noise)), 1.0);
        const auto gradients = backward(loss, network);
        clip_gradient_norm(gradients, 0.1);
        adam.step(gradients);
    }
};

/// One graph that sums 4096 host values, 4095 ones and an i, into sums[i]. 16 KB per call, so that the upload
/// ring wraps around after some.
inline void sum_of_uploaded(Cuda& device, core::Buffer<float, Cuda>& sums, std::size_t i) {
    device.run_as_graph([&] {
        const Step step{device};
        std::vector<float> values(4096, 1);
        values[i] = static_cast<float>(i);
        const auto sum_of_step = sum(from_host<Shape<4096>>(device, 0, values));
        std::fill(values.begin(), values.end(), 1e9f);  // the values are already staged
        launch(device,
               contracts::CopyBlockParameters<float>{1, 1, sum_of_step.data(), 1, sums.data() + i, 1});
    });
}

}  // namespace gantry::test
