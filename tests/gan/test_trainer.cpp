#include "networks.hpp"
#include "support/catch.hpp"
#include <gantry/checkpoint/checkpoint.hpp>

#include <cmath>
#include <span>
#include <vector>

using namespace gantry;
using namespace gantry::gan;
using namespace gantry::test;

namespace {

/// An optimizer that does nothing, to observe a single player.
template <class Net>
struct Still {
    explicit Still(Net&) {}
    void step(const Gradients<Net>&) {}
};

// If this size is wrong, a member was added to the trainer or removed: serialize it in GanTrainer::serialize,
// or note here why it need not be saved, and update the list.
using SizedGan = SmallGan<Cpu>;
struct TrainerMembers {
    Cpu& device;
    SizedGan::Generator& generator;
    SizedGan::Discriminator& discriminator;
    Adam<SizedGan::Generator>& generator_optimizer;
    Adam<SizedGan::Discriminator>& discriminator_optimizer;
    NonSaturating objective;  // chosen by the caller, like the next one
    TrainerOptions options;
    ScalarLog<float, Cpu> losses;  // read by the caller
    RandomStream noise;
    PersistentTensor<Shape<Batch, 4>, float, Cpu> fixed_points;
    std::uint64_t iterations;
};
static_assert(sizeof(SizedGan::trainer) == sizeof(TrainerMembers));

// A generator x = a z and a discriminator y = b x, whose iterations can be computed by hand.
using LinearNet = Network<Sequential<Dense<1, 1, DenseOptions{.bias = false}>>, Cpu, double>;

/// Batches of one number: 0.5, 0.75, 1, ...
struct LinearData {
    struct Batch {
        std::span<const double> pixels;
    };
    Batch next() {
        x[0] += 0.25;
        return {x};
    }
    std::vector<double> x{0.25};
};

/// The next latent point of uniform noise.
double draw_latent(Cpu& device, RandomStream& noise) {
    const double bound = std::sqrt(3.0);
    return uniform<Shape<>, double>(device, 0, noise, -bound, bound).item();
}

template <class D>
Safetensors checkpoint_of(SmallGan<D>& gan) {
    CheckpointWriter writer;
    gan.trainer.serialize(writer);
    return writer.file;
}

}  // namespace

TEMPLATE_TEST_CASE("Each optimizer changes only the parameters of its network", "", GANTRY_TEST_DEVICES) {
    TestType device;
    using G = Network<SmallGenerator, TestType>;
    using D = Network<SmallDiscriminator, TestType>;
    G generator{device, Seed{1}};
    D discriminator{device, Seed{2}};
    RandomData<> data{8, 6};
    const auto generator_before = generator.parameters().to_host();
    const auto discriminator_before = discriminator.parameters().to_host();
    for (const Updates updates : {Updates::alternating, Updates::simultaneous}) {
        SECTION(updates == Updates::alternating ? "alternating" : "simultaneous") {
            const TrainerOptions options{.batch = 8, .discriminator_steps = 2, .updates = updates};
            SECTION("the discriminator's") {
                Still<G> still{generator};
                Adam adam{discriminator};
                GanTrainer trainer{generator, discriminator, still, adam, NonSaturating{}, options};
                trainer.step(data);
                CHECK(generator.parameters().to_host() == generator_before);
                CHECK(discriminator.parameters().to_host() != discriminator_before);
                CHECK(adam.updates() == 2);
            }
            SECTION("the generator's") {
                Adam adam{generator};
                Still<D> still{discriminator};
                GanTrainer trainer{generator, discriminator, adam, still, NonSaturating{}, options};
                trainer.step(data);
                CHECK(generator.parameters().to_host() != generator_before);
                CHECK(discriminator.parameters().to_host() == discriminator_before);
                CHECK(adam.updates() == 1);
            }
        }
    }
}

TEST_CASE("The generator's step computes no gradients for the discriminator's parameters", "") {
    struct Mark {  // an optimizer that overwrites the gradients; its values must remain there
        Network<SmallDiscriminator, Cpu>& network;
        void step(const Gradients<Network<SmallDiscriminator, Cpu>>&) {
            network.gradients().from_host(std::vector<float>(network.parameter_count, 42));
        }
    };
    Cpu device;
    Network<SmallGenerator, Cpu> generator{device, Seed{1}};
    Network<SmallDiscriminator, Cpu> discriminator{device, Seed{2}};
    Adam adam{generator};
    Mark mark{discriminator};
    RandomData<> data{8, 6};
    GanTrainer trainer{generator, discriminator, adam, mark, NonSaturating{}, {.batch = 8}};
    trainer.step(data);
    CHECK(discriminator.gradients().to_host() == std::vector<float>(discriminator.parameter_count, 42));
}

TEST_CASE("Simultaneous updates start from the same parameters, alternating ones do not", "") {
    // With plain gradient descent, the hinge loss, |y| < 1, and means over the batch:
    //   D: loss 2 - b x_real + b x_fake    b' = b + rate (x_real - x_fake)
    //   G: loss -b a z                     a' = a + rate (b or b') z
    struct Descent {
        LinearNet& network;
        void step(const Gradients<LinearNet>& gradients) {
            double* const w = network.parameters().data();
            w[0] -= 0.25 * gradients.data()[0];
            network.parameters_overwritten();
        }
    };
    for (const Updates updates : {Updates::simultaneous, Updates::alternating}) {
        Cpu device;
        LinearNet generator{device, Seed{1}}, discriminator{device, Seed{2}};
        const double a = generator.parameters().data()[0] = 0.2;
        const double b = discriminator.parameters().data()[0] = 0.1;
        Descent move_a{generator}, move_b{discriminator};
        LinearData data;
        const TrainerOptions options{
            .batch = 1, .updates = updates, .noise = Noise::uniform, .seed = Seed{5}};
        GanTrainer trainer{generator, discriminator, move_a, move_b, Hinge{}, options};
        trainer.step(data);

        RandomStream noise(Seed{5}, "noise");
        const double z = draw_latent(device, noise);
        const double b_after = b + 0.25 * (0.5 - a * z);
        CHECK(std::abs(discriminator.parameters().data()[0] - b_after) < 1e-15);
        const double a_after = updates == Updates::simultaneous
                                   ? a + 0.25 * b * z
                                   : a + 0.25 * b_after * draw_latent(device, noise);
        CHECK(std::abs(generator.parameters().data()[0] - a_after) < 1e-15);
    }
}

TEST_CASE("An iteration reports the means of its losses and scores", "") {
    for (const Updates updates : {Updates::simultaneous, Updates::alternating}) {
        Cpu device;
        LinearNet generator{device, Seed{1}}, discriminator{device, Seed{2}};
        const double a = generator.parameters().data()[0] = 0.2;
        const double b = discriminator.parameters().data()[0] = 0.1;
        Still<LinearNet> still_a{generator}, still_b{discriminator};
        LinearData data;
        const TrainerOptions options{.batch = 1,
                                     .discriminator_steps = 2,
                                     .updates = updates,
                                     .noise = Noise::uniform,
                                     .seed = Seed{5}};
        GanTrainer trainer{generator, discriminator, still_a, still_b, Hinge{}, options};
        trainer.step(data);

        RandomStream noise(Seed{5}, "noise");
        const double z1 = draw_latent(device, noise), z2 = draw_latent(device, noise);
        const double of_generator = updates == Updates::simultaneous ? z2 : draw_latent(device, noise);
        const GanLosses losses = trainer.take_losses().at(0);
        CHECK(losses.real_score == Approx(b * (0.5 + 0.75) / 2));
        CHECK(losses.fake_score == Approx(b * a * (z1 + z2) / 2));
        CHECK(losses.discriminator == Approx(2 - losses.real_score + losses.fake_score));
        CHECK(losses.generator == Approx(-b * a * of_generator));
    }
}

TEST_CASE("A step reports the losses and scores before the updates", "") {
    Cpu device;
    SmallGan<Cpu, LeastSquares> gan{device};
    // A discriminator whose output is always 0.25.
    for (std::size_t i = 0; i + 1 < gan.discriminator.parameters().size(); ++i)
        gan.discriminator.parameters().data()[i] = 0;
    gan.discriminator.parameters().data()[gan.discriminator.parameters().size() - 1] = 0.25f;
    gan.trainer.step(gan.data);
    const std::vector<GanLosses> all = gan.trainer.take_losses();
    REQUIRE(all.size() == 1);
    const GanLosses& losses = all.front();
    CHECK(losses.real_score == 0.25);
    CHECK(losses.fake_score == 0.25);
    CHECK(losses.discriminator == (0.75 * 0.75 + 0.25 * 0.25) / 2);
    CHECK(gan.trainer.iterations() == 1);
}

TEMPLATE_TEST_CASE("Drawing images does not affect the run", "", GANTRY_TEST_DEVICES) {
    TestType device;
    SmallGan watched{device}, alone{device};
    for (int i = 0; i < 10; ++i) {
        watched.train(1);
        const auto pictures = watched.trainer.samples();
        CHECK(pictures.size() == 5 * 6);
        CHECK(watched.trainer.samples() == pictures);
    }
    alone.train(10);
    CHECK(checkpoint_of(watched) == checkpoint_of(alone));
}

TEMPLATE_TEST_CASE("Images are drawn with batch norm in training mode", "", GANTRY_TEST_DEVICES) {
    TestType device;
    SmallGan gan{device};
    gan.train(5);  // so that the running statistics differ from the initial ones and from any batch's
    RandomStream points(Seed{}, "fixed latent points");
    const auto pictures = gan.trainer.samples();
    const Step step{device};
    const auto z = normal<Shape<Batch, 4>>(device, 5, points);
    CHECK(evaluation(gan.generator)(z).to_host() != pictures);
    CHECK(frozen(gan.generator)(z).to_host() == pictures);
}

TEMPLATE_TEST_CASE("A saved and loaded run continues bit for bit", "", GANTRY_TEST_DEVICES) {
    TestType device;
    SmallGan straight{device}, first{device};
    straight.train(20);
    first.train(10);

    SmallGan second{device, {.batch = 8, .fixed_points = 5, .seed = Seed{9}}};
    second.train(3);  // state that must be replaced
    CheckpointReader reader(checkpoint_of(first), "memory");
    second.trainer.serialize(reader);
    reader.apply();
    second.data.seek(10);
    second.train(10);
    CHECK(second.trainer.iterations() == 20);
    CHECK(checkpoint_of(second) == checkpoint_of(straight));
    CHECK(second.trainer.samples() == straight.trainer.samples());
}

TEST_CASE("Results do not depend on the number of threads", "[threads]") {
    // Large enough for the kernels to split the work.
    using G = Sequential<Dense<100, 600>, ReLU, Dense<600, 784>, Tanh>;
    using D = Sequential<Dropout<0.2f>, Maxout<Dense<784, 120>, 5>, BatchNorm<120>, Dense<120, 1>>;
    const auto train = [](int threads) {
        Cpu device{{.threads = threads}};
        Network<G, Cpu> generator{device, Seed{1}};
        Network<D, Cpu> discriminator{device, Seed{2}};
        Adam generator_adam{generator};
        Adam discriminator_adam{discriminator};
        GanTrainer trainer{generator, discriminator, generator_adam, discriminator_adam, NonSaturating{}};
        RandomData<> data{64, 784};
        for (int i = 0; i < 3; ++i) trainer.step(data);
        auto all = generator.parameters().to_host();
        const auto more = discriminator.parameters().to_host();
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    CHECK(train(1) == train(2));
}

TEMPLATE_TEST_CASE("Losses are means over the discriminator's updates, and are kept until taken", "",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const TrainerOptions k3{.batch = 8, .discriminator_steps = 3, .fixed_points = 5, .kept_losses = 4};
    SmallGan together{device, k3}, apart{device, k3};
    std::vector<GanLosses> one_by_one;
    for (int i = 0; i < 6; ++i) {
        together.train(1);
        apart.train(1);
        const auto losses = apart.trainer.take_losses();
        REQUIRE(losses.size() == 1);
        one_by_one.push_back(losses.front());
        CHECK((losses.front().real_score > 0 && losses.front().real_score < 1));
        CHECK((losses.front().fake_score > 0 && losses.front().fake_score < 1));
    }
    CHECK(together.trainer.take_losses() == std::vector(one_by_one.begin() + 2, one_by_one.end()));
    CHECK(together.trainer.take_losses().empty());
}

TEST_CASE("Trainer options out of range are errors", "") {
    Cpu device;
    CHECK_THROWS_WITH((SmallGan{device, TrainerOptions{.batch = 0}}),
                      contains("batch size must be at least 1; got 0"));
    CHECK_THROWS_WITH((SmallGan{device, TrainerOptions{.discriminator_steps = 0}}),
                      contains("k, the number of discriminator updates, must be at least 1; got 0"));
    CHECK_THROWS_WITH((SmallGan{device, TrainerOptions{.kept_losses = 0}}),
                      contains("kept_losses must be at least 1; got 0"));

    Cpu other;
    Network<SmallGenerator, Cpu> generator{device, Seed{1}};
    Network<SmallDiscriminator, Cpu> discriminator{other, Seed{2}};
    Adam generator_adam{generator};
    Adam discriminator_adam{discriminator};
    CHECK_THROWS_WITH((GanTrainer{generator, discriminator, generator_adam, discriminator_adam, Hinge{}}),
                      contains("generator and discriminator must be on the same device object"));
}
