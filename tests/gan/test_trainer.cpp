#include "networks.hpp"
#include "support/catch.hpp"
#include <gantry/checkpoint/checkpoint.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
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
    NonSaturating objective;  // chosen by the caller, like the next two
    NoPenalty penalty;
    TrainerOptions options;
    ScalarLog<float, Cpu> losses;  // read by the caller
    RandomStream noise, penalty_noise;
    PersistentTensor<Shape<>, float, Cpu> last_penalty;
    PersistentTensor<Shape<Batch, 4>, float, Cpu> fixed_points;
    std::optional<SizedGan::Generator> average;
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
        const auto images = watched.trainer.samples();
        CHECK(images.size() == 5 * 6);
        CHECK(watched.trainer.samples() == images);
    }
    alone.train(10);
    CHECK(checkpoint_of(watched) == checkpoint_of(alone));
}

TEMPLATE_TEST_CASE("Images are drawn with batch norm in training mode", "", GANTRY_TEST_DEVICES) {
    TestType device;
    SmallGan gan{device};
    gan.train(5);  // so that the running statistics differ from the initial ones and from any batch's
    RandomStream points(Seed{}, "fixed latent points");
    const auto images = gan.trainer.samples();
    const Step step{device};
    const auto z = normal<Shape<Batch, 4>>(device, 5, points);
    CHECK(evaluation(gan.generator)(z).to_host() != images);
    CHECK(frozen(gan.generator)(z).to_host() == images);
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

TEST_CASE("An objective that compares sees real samples in the generator's update", "") {
    const auto softplus_of = [](double x) { return std::log1p(std::exp(x)); };
    for (const Updates updates : {Updates::simultaneous, Updates::alternating}) {
        Cpu device;
        LinearNet generator{device, Seed{1}}, discriminator{device, Seed{2}};
        const double a = generator.parameters().data()[0] = 0.2;
        const double b = discriminator.parameters().data()[0] = 0.1;
        Still<LinearNet> still_a{generator}, still_b{discriminator};
        LinearData data;
        const TrainerOptions options{
            .batch = 1, .updates = updates, .noise = Noise::uniform, .seed = Seed{5}};
        const auto check = [&](const auto& objective) {
            data = LinearData{};
            GanTrainer trainer{generator, discriminator, still_a, still_b, objective, options};
            trainer.step(data);
            RandomStream noise(Seed{5}, "noise");
            const double z = draw_latent(device, noise);
            const bool together = updates == Updates::simultaneous;
            const double z_of_generator = together ? z : draw_latent(device, noise);
            const double real_of_generator = together ? 0.5 : 0.75;  // another batch
            const GanLosses losses = trainer.take_losses().at(0);
            CHECK(losses.discriminator == Approx(softplus_of(b * (a * z - 0.5))));
            CHECK(losses.generator == Approx(softplus_of(b * (real_of_generator - a * z_of_generator))));
        };
        check(RelativisticPairing{});
        check(AnyObjective("relativistic-pairing"));
    }
}

TEST_CASE("The penalty is part of the discriminator's loss", "") {
    struct Descent {
        LinearNet& network;
        void step(const Gradients<LinearNet>& gradients) {
            network.parameters().data()[0] -= 0.01 * gradients.data()[0];
            network.parameters_overwritten();
        }
    };
    constexpr double b = 0.25;
    struct Result {
        double b;
        std::vector<GanLosses> losses;
    };
    for (const Updates updates : {Updates::simultaneous, Updates::alternating}) {
        const auto train = [&](const auto& penalty, int iterations = 1, int every = 1) {
            Cpu device;
            LinearNet generator{device, Seed{1}}, discriminator{device, Seed{2}};
            generator.parameters().data()[0] = 0;  // generates 0
            discriminator.parameters().data()[0] = b;
            Still<LinearNet> still{generator};
            Descent descent{discriminator};
            LinearData data;  // 0.5, 0.75
            const TrainerOptions options{.batch = 1, .updates = updates, .penalty_every = every};
            GanTrainer trainer{generator, discriminator, still, descent, Wasserstein{}, options, penalty};
            for (int i = 0; i < iterations; ++i) trainer.step(data);
            return Result{discriminator.parameters().data()[0], trainer.take_losses()};
        };
        // D(x) = b x, so |dD/dx| = b at every x.
        const auto check = [&](const auto& penalty, double value, double derivative) {
            const Result result = train(penalty);
            CHECK(result.losses.at(0).penalty == Approx(value));
            CHECK(result.losses.at(0).discriminator == Approx(value - 0.5 * b));
            CHECK(result.b == Approx(b - 0.01 * (derivative - 0.5)));
        };
        check(NoPenalty{}, 0, 0);
        check(AnyPenalty("none"), 0, 0);
        check(GradientPenalty{3}, 3 * (b - 1) * (b - 1), 3 * 2 * (b - 1));
        check(AnyPenalty("gradient", 3), 3 * (b - 1) * (b - 1), 3 * 2 * (b - 1));
        check(GradientPenalty{3, true}, 0, 0);  // b < 1
        check(AnyPenalty("one-sided-gradient", 3), 0, 0);
        check(R1{4}, 2 * b * b, 4 * b);
        check(AnyPenalty("r1", 4), 2 * b * b, 4 * b);
        check(AnyPenalty("r2", 4), 2 * b * b, 4 * b);
        check(AnyPenalty("r1-and-r2", 4), 4 * b * b, 8 * b);

        // In every second update, with twice the weight.
        const Result lazy = train(R1{4}, 2, 2);
        const double after_one = b - 0.01 * (2 * 4 * b - 0.5);
        CHECK(lazy.losses.at(0).discriminator == Approx(2 * 2 * b * b - 0.5 * b));
        CHECK(lazy.losses.at(1).discriminator == Approx(-0.75 * after_one));
        CHECK(lazy.losses.at(1).penalty == Approx(2 * b * b));
        CHECK(lazy.b == Approx(after_one + 0.01 * 0.75));
    }
}

TEMPLATE_TEST_CASE("A saved and loaded run with a penalty continues bit for bit", "", GANTRY_TEST_DEVICES) {
    TestType device;
    const TrainerOptions options{.batch = 8, .discriminator_steps = 2, .penalty_every = 3, .fixed_points = 5};
    struct Run {
        Network<SmallGenerator, TestType> generator;
        Network<SmallDiscriminator, TestType> discriminator;
        Adam<Network<SmallGenerator, TestType>> generator_adam{generator};
        Adam<Network<SmallDiscriminator, TestType>> discriminator_adam{discriminator};
        GanTrainer<Network<SmallGenerator, TestType>, Network<SmallDiscriminator, TestType>,
                   Adam<Network<SmallGenerator, TestType>>, Adam<Network<SmallDiscriminator, TestType>>,
                   RelativisticPairing, GradientPenalty>
            trainer;
        RandomData<> data{8, 6};

        Run(TestType& device, const TrainerOptions& options)
            : generator{device, Seed{1}},
              discriminator{device, Seed{2}},
              trainer{generator, discriminator, generator_adam, discriminator_adam, {}, options} {}
        void train(int iterations) {
            for (int i = 0; i < iterations; ++i) trainer.step(data);
        }
        Safetensors checkpoint() {
            CheckpointWriter writer;
            trainer.serialize(writer);
            return writer.file;
        }
    };
    Run straight{device, options}, first{device, options}, second{device, options};
    straight.train(9);
    first.train(4);
    second.train(2);  // state that must be replaced
    CheckpointReader reader(first.checkpoint(), "memory");
    second.trainer.serialize(reader);
    reader.apply();
    second.data.seek(4 * 3);  // two batches for the discriminator, one for the generator
    second.train(5);
    CHECK(second.checkpoint() == straight.checkpoint());
    const auto losses = straight.trainer.take_losses(), of_second = second.trainer.take_losses();
    CHECK(std::vector(of_second.end() - 5, of_second.end()) == std::vector(losses.end() - 5, losses.end()));
    CHECK(losses.back().penalty > 0);
}

TEMPLATE_TEST_CASE("Samples are drawn from the moving average of the generator", "", GANTRY_TEST_DEVICES) {
    TestType device;
    const TrainerOptions options{.batch = 8, .average_decay = 0.3, .fixed_points = 5};
    SmallGan averaged{device, options}, plain{device};
    Network<SmallGenerator, TestType> average{device, Seed{}};
    copy_parameters(plain.generator, average);
    const auto samples_of_average = [&] {
        const RandomStream dropout = average.dropout_stream();
        const Step step{device};
        RandomStream points(Seed{}, "fixed latent points");
        const auto samples = frozen(average)(normal<Shape<Batch, 4>>(device, 5, points)).to_host();
        average.dropout_stream() = dropout;
        return samples;
    };
    CHECK(averaged.trainer.samples() == samples_of_average());
    for (int i = 0; i < 6; ++i) {
        averaged.train(1);
        plain.train(1);
        update_average(average, plain.generator, std::min(0.3, (1.0 + i) / (10 + i)));
        // The average does not affect the run.
        REQUIRE(averaged.generator.parameters().to_host() == plain.generator.parameters().to_host());
        CHECK(averaged.trainer.samples() == samples_of_average());
    }

    SmallGan resumed{device, options};
    resumed.train(2);  // state that must be replaced
    CheckpointReader reader(checkpoint_of(averaged), "memory");
    resumed.trainer.serialize(reader);
    reader.apply();
    resumed.data.seek(6);
    resumed.train(3);
    averaged.train(3);
    CHECK(checkpoint_of(resumed) == checkpoint_of(averaged));
    CHECK(resumed.trainer.samples() == averaged.trainer.samples());
}

TEST_CASE("Trainer options out of range are errors", "") {
    Cpu device;
    CHECK_THROWS_WITH((SmallGan{device, TrainerOptions{.batch = 0}}),
                      contains("batch size must be at least 1; got 0"));
    CHECK_THROWS_WITH((SmallGan{device, TrainerOptions{.discriminator_steps = 0}}),
                      contains("k, the number of discriminator updates, must be at least 1; got 0"));
    CHECK_THROWS_WITH((SmallGan{device, TrainerOptions{.penalty_every = 0}}),
                      contains("penalty_every must be at least 1; got 0"));
    CHECK_THROWS_WITH((SmallGan{device, TrainerOptions{.average_decay = 1}}),
                      contains("average_decay must be at least 0 and less than 1; got 1"));
    CHECK_THROWS_WITH((SmallGan{device, TrainerOptions{.average_decay = NAN}}), contains("got nan"));
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
