// The DCGAN of pytorch/examples for MNIST, trained here and in PyTorch with the same weights, batches, noise
// and optimizer. PyTorch's side is dcgan.py, which generated dcgan_losses.hpp.
//
// In double both agree at the original's learning rate. In float training is chaotic at that rate: Adam moves
// a weight by the full learning rate whatever the size of its gradient, so a rounding error in a gradient
// near 0 can reverse the update, and PyTorch in float deviates from PyTorch in double by 1 % within 10 steps.
// The float runs are therefore compared at a fiftieth of the rate.
#include "networks/dcgan.hpp"
#include "parity/dcgan_losses.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gantry::test {
namespace {

constexpr int batch = 8, steps = 20;
using Latent = Shape<Batch, 100>;
using Picture = Shape<Batch, 28, 28, 1>;

template <class T>
struct Networks {
    Cpu device;
    Network<networks::Dcgan28::Generator, Cpu, T> generator{device, Seed{1}};
    Network<networks::Dcgan28::Discriminator, Cpu, T> discriminator{device, Seed{2}};

    /// Weights with the standard deviation of DCGAN's, but uniform: their bits are the same on every machine.
    Networks() {
        RandomStream stream(Seed{3}, "weights");
        const double bound = 0.02 * std::sqrt(3.0);
        const auto begin = [&](auto& network) {
            initialize(network, Role::weight, Uniform{-bound, bound}, stream);
            initialize(network, Role::scale, Uniform{1 - bound, 1 + bound}, stream);
        };
        begin(generator);
        begin(discriminator);
    }
    template <class Checkpoint>
    void serialize(Checkpoint& checkpoint) {
        checkpoint.network("generator", generator);
        checkpoint.network("discriminator", discriminator);
    }
};

/// One of the two noise batches of a step.
template <class T>
std::vector<T> noise(const std::string& which, int step) {
    return random_numbers<T>(Latent::size(batch), which + ' ' + std::to_string(step));
}
/// The real images of a step: a bright rectangle on a dark background.
template <class T>
std::vector<T> pictures(int step) {
    const auto corners = random_numbers<float>(4 * batch, "rectangles " + std::to_string(step), 0, 28);
    std::vector<T> pixels;
    for (int i = 0; i < batch; ++i) {
        const float* const corner = corners.data() + 4 * i;
        const auto [top, bottom] = std::minmax(corner[0], corner[1]);
        const auto [left, right] = std::minmax(corner[2], corner[3]);
        for (float y = 0; y < 28; ++y)
            for (float x = 0; x < 28; ++x)
                pixels.push_back(top <= y && y <= bottom && left <= x && x <= right ? T(1) : T(-1));
    }
    return pixels;
}

struct Losses {
    std::vector<double> discriminator, generator;  ///< of each step
};
template <class T>
Losses train(Networks<T>& networks) {
    auto& [device, generator, discriminator] = networks;
    const AdamOptions options{.learning_rate = parity::learning_rate<T>, .beta1 = 0.5, .beta2 = 0.5};
    Adam generator_optimizer(generator, options);
    Adam discriminator_optimizer(discriminator, options);
    const auto given = [&]<class S>(S, const std::vector<T>& numbers) {
        return from_host<S>(networks.device, batch, numbers);
    };
    Losses losses;
    for (int i = 0; i < steps; ++i) {
        {
            const Step step{device};
            const auto fake = frozen(generator)(given(Latent{}, noise<T>("noise", i)));
            // In separate passes, since batch norm's running statistics depend on their order.
            const auto real_loss = bce_with_logits(discriminator(given(Picture{}, pictures<T>(i))), 0.9);
            const auto loss = real_loss + bce_with_logits(discriminator(fake), 0);
            discriminator_optimizer.step(backward(loss, discriminator));
            losses.discriminator.push_back(loss.item());
        }
        const Step step{device};
        const auto fake = generator(given(Latent{}, noise<T>("second noise", i)));
        const auto loss = bce_with_logits(frozen(discriminator)(fake), 1);
        generator_optimizer.step(backward(loss, generator));
        losses.generator.push_back(loss.item());
    }
    return losses;
}

double largest_relative_error(const std::vector<double>& got, const std::vector<double>& expected) {
    REQUIRE(got.size() == expected.size());
    double largest = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double error = std::abs(got[i] / expected[i] - 1);
        largest = error <= largest ? largest : std::isnan(error) ? INFINITY : error;
    }
    return largest;
}

template <class T>
void check_losses(double tolerance) {
    Networks<T> networks;
    const Losses losses = train(networks);
    CHECK(largest_relative_error(losses.discriminator, parity::discriminator_losses<T>) < tolerance);
    CHECK(largest_relative_error(losses.generator, parity::generator_losses<T>) < tolerance);
}

/// Path of a file that is exchanged with dcgan.py.
std::filesystem::path shared_file(const std::string& name) {
    const char* const folder = std::getenv("GANTRY_PARITY_FOLDER");
    REQUIRE(folder);
    return std::filesystem::path(folder) / (name + ".safetensors");
}

}  // namespace

TEST_CASE("a DCGAN's losses are PyTorch's for 20 steps", "[parity]") {
    check_losses<float>(1e-4);
    check_losses<double>(1e-8);
}

// dcgan.py runs these two cases; they are hidden from ctest.
TEMPLATE_TEST_CASE("writes the networks that PyTorch starts from", "[.start]", float, double) {
    Networks<TestType> networks;
    CheckpointWriter writer;
    networks.serialize(writer);
    const auto add = [&](const std::string& what, int step, std::vector<std::size_t> shape,
                         const std::vector<TestType>& numbers) {
        writer.file.tensors[what + ' ' + std::to_string(step)] = io::make_entry(shape, numbers);
    };
    for (int i = 0; i < steps; ++i) {
        add("batch", i, {batch, 1, 28, 28}, pictures<TestType>(i));  // one channel: the layouts coincide
        add("noise", i, {batch, 100}, noise<TestType>("noise", i));
        add("second noise", i, {batch, 100}, noise<TestType>("second noise", i));
    }
    write_safetensors(shared_file("start " + std::to_string(sizeof(TestType))), writer.file);
}

TEMPLATE_TEST_CASE("reads the networks that PyTorch trained", "[.end]", float, double) {
    Networks<TestType> trained, read;
    train(trained);
    const auto path = shared_file("end " + std::to_string(sizeof(TestType)));
    CheckpointReader reader(read_safetensors(path), path.string());
    read.serialize(reader);
    reader.apply();
    const auto picture = [](auto& networks) {
        const Step step{networks.device};
        return evaluation(networks.generator)(
                   from_host<Latent>(networks.device, batch, noise<TestType>("noise", 0)))
            .to_host();
    };
    const double tolerance = sizeof(TestType) == 4 ? 2e-3 : 1e-6;
    CHECK(largest_error(picture(trained), picture(read)) < tolerance);
    CHECK(largest_error(trained.generator.parameters().to_host(), read.generator.parameters().to_host()) <
          tolerance);
    CHECK(largest_error(trained.discriminator.states().to_host(), read.discriminator.states().to_host()) <
          tolerance);
}

}  // namespace gantry::test
