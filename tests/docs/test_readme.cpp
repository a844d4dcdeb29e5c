// The README's programs are tests: CMake extracts the blocks marked `cpp`, in order, as files.
#include "support/svd.hpp"

#include <cmath>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include <io/temporary_folder.hpp>
#include <readme_1.hpp>  // the network in twenty lines
#include <readme_3.hpp>  // a convolutional discriminator
#include <readme_4.hpp>  // Eigen
#include <readme_5.hpp>  // its file
#include <readme_6.hpp>  // contents of a checkpoint
#include <support/catch.hpp>

static_assert(std::is_same_v<Critic::Output<Critic::Input>, Shape<Batch, 1>>);

TEST_CASE("the README's network trains") {
    Cpu device;
    const int batch = 4;
    CHECK_NOTHROW(train(device, std::vector<float>(batch * 784, 0.5f), batch));
}

TEST_CASE("the README's gradient penalty is finite and has a gradient") {
    Cpu device;
    Network<Discriminator, Cpu> discriminator{device, Seed{1}};
    RandomStream noise{Seed{2}, "noise"};
    Step step{device};
    const auto mixed = normal<Shape<Batch, 784>>(device, 3, noise);
#include <readme_2.hpp>  // x, slope, penalty
    backward(penalty, discriminator);
    CHECK(std::isfinite(penalty.item()));
    double largest = 0;
    for (const float g : discriminator.gradients().to_host()) largest = std::fmax(largest, std::abs(g));
    CHECK(largest > 0);
}

TEST_CASE("the README's function on Eigen's matrices centres samples") {
    Cpu device;
    Network<Sequential<Dense<784, 3>>, Cpu> network{device, Seed{1}};
    map(network, "0.weight").setConstant(1);
    RandomStream noise{Seed{2}, "noise"};
    const auto centred = centre(network, uniform<Shape<Batch, 784>>(device, 5, noise, 1, 2));
    CHECK(map(centred).colwise().sum().cwiseAbs().maxCoeff() < 1e-5f);
    CHECK(std::abs(singular_values(network).front().values(0) - 1) < 1e-6);
}

TEST_CASE("the README's file of a discriminator is read back") {
    const TemporaryFolder folder;
    Cpu device;
    Network<Critic, Cpu> critic{device, Seed{1}}, other{device, Seed{2}};
    save(critic, folder / "critic.safetensors");
    load(other, folder / "critic.safetensors");
    CHECK(other.parameters().to_host() == critic.parameters().to_host());
}

TEST_CASE("the README's checkpoint continues a run bit for bit") {
    struct Run {
        explicit Run(std::uint64_t seed) : network{device, Seed{seed}}, noise(Seed{seed}, "noise") {}
        void train(int iterations) {
            for (int i = 0; i < iterations; ++i) {
                const Step step{device};
                const auto real = from_host<Shape<Batch, 784>>(device, 3, images.next().pixels);
                const auto fake = normal<Shape<Batch, 784>>(device, 3, noise);
                const auto loss = bce_with_logits(network(real), 1.0) + bce_with_logits(network(fake), 0.0);
                adam.step(backward(loss, network));
                ++training.iterations;
            }
        }
        Cpu device;
        Network<Discriminator, Cpu> network;
        Adam<Network<Discriminator, Cpu>> adam{network};
        RandomStream noise;
        std::vector<std::uint8_t> pixels = std::vector<std::uint8_t>(10 * 784, 7);
        Batches<float> images{pixels, 784, {}, {.batch = 3}};
        Training training{network, adam, noise, images};
    };
    const TemporaryFolder folder;
    const auto file_of = [&](Run& run) {
        save(run.training, folder / "a");
        return contents_of(folder / "a");
    };
    Run straight(1), first(1), second(2);
    second.train(1);  // state that the checkpoint must replace
    for (Run* run : {&straight, &first}) {
        run->train(2);
        run->adam.set_learning_rate(1e-2);
    }
    save(first.training, folder / "saved");
    load(second.training, folder / "saved");
    CHECK(second.adam.learning_rate() == 1e-2);
    straight.train(3);
    second.train(3);
    CHECK(second.training.iterations == 5);
    CHECK(file_of(second) == file_of(straight));
}
