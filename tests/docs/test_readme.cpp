// The README's programs are tests: CMake takes the blocks marked `cpp` out of it, in order, as files.
#include <readme_1.hpp>  // the network in twenty lines
#include <readme_3.hpp>  // a convolutional discriminator
#include <readme_4.hpp>  // its file

#include <cmath>
#include <type_traits>

#include <io/temporary_folder.hpp>
#include <support/catch.hpp>

static_assert(std::is_same_v<Critic::Output<Critic::Input>, Shape<Batch, 1>>);

TEST_CASE("the README's network trains") {
    Cpu device;
    const int batch = 4;
    CHECK_NOTHROW(train(device, std::vector<float>(batch * 784, 0.5f), batch));
}

TEST_CASE("the README's gradient penalty is a number, and has a gradient") {
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

TEST_CASE("the README's file of a discriminator is read back") {
    const TemporaryFolder folder;
    Cpu device;
    Network<Critic, Cpu> critic{device, Seed{1}}, other{device, Seed{2}};
    save(folder / "critic.safetensors", critic);
    load(folder / "critic.safetensors", other);
    CHECK(other.parameters().to_host() == critic.parameters().to_host());
}
