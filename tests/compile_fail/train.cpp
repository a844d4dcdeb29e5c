// Uses NETWORK, defined in the file PROGRAM, as a program would. If its layers do not fit together, the
// compiler must not report errors in this file.
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

#include <algorithm>

#include PROGRAM

using namespace gantry;

using Input = NETWORK::Input;
using Judge = Sequential<Flatten, Dense<std::max<int>(1, NETWORK::Output<Input>::sample_size), 1>>;

void train(Cpu& device, CheckpointWriter& writer, CheckpointReader& reader) {
    Network<NETWORK, Cpu> network{device, Seed{1}};
    Network<Sequential<NETWORK, Judge>, Cpu> both{device, Seed{2}};
    Network<Judge, Cpu> judge{device, Seed{3}};
    Adam network_adam{network, {.learning_rate = 2e-4, .beta1 = 0.5}};
    Adam judge_adam{judge, {.learning_rate = 2e-4, .beta1 = 0.5}};
    RandomStream noise{Seed{4}, "noise"};
    initialize(network, Role::weight, GlorotNormal{}, noise);

    for (int i = 0; i < 10; ++i) {
        Step step{device};
        const auto x = normal<Input>(device, 4, noise);
        const auto y = network(x);
        const auto judge_loss =
            bce_with_logits(judge(detach(y)), 0.0) + mse(judge(evaluation(network)(x)), 1.0);
        judge_adam.step(backward(judge_loss, judge));

        const auto v = variable(x);
        const auto slope = grad(sum(both(v)), v, {.create_graph = true});
        const auto penalty = mean(square(sqrt(sum_per_sample(square(slope)) + 1e-12) - 1.0));
        const auto loss = bce_with_logits(frozen(judge)(y), 1.0) + mean(square(y)) + penalty;
        const auto gradients = backward(loss, network);
        clip_gradient_norm(gradients, 1.0);
        network_adam.step(gradients);
    }
    writer.network("network", network);
    writer.optimizer("optimizer", network_adam, network);
    reader.network("network", network);
    static_cast<void>(NETWORK::summary());
}
