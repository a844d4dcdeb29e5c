// A checkpoint contains everything that affects the next update.
#include "support/catch.hpp"
#include "support/devices.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/data/batches.hpp>
#include <gantry/gantry.hpp>

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

using namespace gantry;

namespace {

using StateArchitecture = Sequential<Dense<4, 8>, BatchNorm<8>, ReLU, Dropout<0.3f>, Dense<8, 1>>;

// The members of all classes with state. If one of these sizes is wrong, a member was added or removed:
// serialize it in a checkpoint (gantry/checkpoint/checkpoint.hpp), or note here why it need not be saved, and
// update the list.

using SizedNet = Network<StateArchitecture, Cpu>;
using SizedBuffer = core::Buffer<float, Cpu>;

struct NetworkMembers {
    core::Lifetime lifetime;  // for handles, like the optimizers' watch
    SizedBuffer parameters, gradients /* of one pass */, states;
    RandomStream dropout;
    std::vector<int> places;    // constant, but for frozen parts: a checkpoint states them with the groups
    std::vector<void*> leaves;  // of one step, like the next one
    std::uint32_t leaves_step;
    std::uint64_t backward_passes, gradients_made, applied_gradients;  // detect stale gradients
};
static_assert(sizeof(SizedNet) == sizeof(NetworkMembers));

template <class Options>
struct OptimizerMembers {
    SizedNet& network;
    core::Lifetime::Watch watch;
    std::string_view name;  // constant
    Options options;
    std::uint64_t updates;
    std::vector<optim::ParameterGroup> groups;  // a checkpoint states them; another set is refused
    std::vector<std::size_t> group_of;          // follows from them
};
template <class Options, std::size_t moments>
struct MomentsMembers {
    OptimizerMembers<Options> optimizer;
    std::array<std::array<std::byte, sizeof(SizedBuffer)>, moments> buffers;
};
static_assert(sizeof(Sgd<SizedNet>) == sizeof(MomentsMembers<SgdOptions, 1>));
static_assert(sizeof(Adam<SizedNet>) == sizeof(MomentsMembers<AdamOptions, 2>));
static_assert(sizeof(AdamW<SizedNet>) == sizeof(MomentsMembers<AdamWOptions, 2>));
static_assert(sizeof(OptimisticAdam<SizedNet>) == sizeof(MomentsMembers<AdamOptions, 3>));
static_assert(sizeof(Lion<SizedNet>) == sizeof(MomentsMembers<LionOptions, 1>));
static_assert(sizeof(RmsProp<SizedNet>) == sizeof(MomentsMembers<RmsPropOptions, 3>));

struct StreamMembers {
    Seed seed;
    std::uint32_t name;
    std::uint64_t position;
};
static_assert(sizeof(RandomStream) == sizeof(StreamMembers));

struct OrderMembers {
    std::vector<std::uint32_t> order;  // follows from epoch, seed and count
    std::uint64_t epoch;
    Seed seed;
};
static_assert(sizeof(io::ShuffledOrder) == sizeof(OrderMembers));

struct PrefetcherMembers {
    std::size_t slots;
    std::function<void(std::size_t, std::uint64_t)> prepare;
    std::mutex mutex;
    std::condition_variable_any changed;
    std::uint64_t released, taken, prepared;  // since construction
    std::uint64_t position;
    std::uint64_t seeks;  // of this process, like the next one
    std::exception_ptr error;
    std::jthread worker;
};
static_assert(sizeof(io::Prefetcher) == sizeof(PrefetcherMembers));

struct BatchesMembers {
    std::span<const std::uint8_t> pixels;  // owned by the caller
    std::span<const std::int32_t> labels;  // as well
    std::size_t sample_size;
    BatchOptions options;
    std::array<float, 256> value_of_byte;
    io::ShuffledOrder order;
    struct Slot {
        std::vector<float> pixels;
        std::vector<std::int32_t> labels;
    };
    std::array<Slot, 2> slots;
    io::Prefetcher prefetcher;  // its position
};
static_assert(sizeof(Batches<float>) == sizeof(BatchesMembers));

struct NoUploader {};
struct DeviceBatchesMembers {
    Cpu& device;
    core::Lifetime::Watch of_device;
    BatchOptions options;
    io::ShuffledOrder order;
    std::span<const std::int32_t> labels;  // owned by the caller
    std::optional<io::ShuffledOrder> label_order;
    std::optional<core::Buffer<std::uint8_t, Cpu>> resident;  // the caller's data
    std::uint64_t position;
    std::optional<NoUploader> uploader;  // its position
};
static_assert(sizeof(DeviceBatches<Shape<Batch, 2>, float, Cpu>) == sizeof(DeviceBatchesMembers));

/// A resumable training run: any optimizer, on data with an order.
template <class D, template <class> class Optimizer, class Options>
struct SavedTraining {
    using Net = Network<StateArchitecture, D>;

    SavedTraining(D& made_on, Seed seed, const Options& options)
        : device(made_on), network{device, seed}, optimizer{network, options}, noise(seed, "noise") {}

    void train(int updates) {
        for (int i = 0; i < updates; ++i) {
            const Step step{device};
            const auto z = normal<Shape<Batch, 2>>(device, 5, noise);
            const auto x = concatenate(z, from_host<Shape<Batch, 2>>(device, 5, batches.next().pixels));
            optimizer.step(backward(mean(square(network(x))), network));
        }
    }
    template <class Checkpoint>
    void serialize(Checkpoint& checkpoint) {
        checkpoint.network("network", network);
        checkpoint.optimizer("optimizer", optimizer, network);
        checkpoint.stream("noise", noise);
        checkpoint.batches("data", batches);
    }
    Safetensors save() {
        CheckpointWriter writer;
        serialize(writer);
        return writer.file;
    }

    D& device;
    Net network;
    Optimizer<Net> optimizer;
    RandomStream noise;
    std::vector<std::uint8_t> pixels = std::vector<std::uint8_t>(14, 200);
    Batches<float> batches{pixels, 2, {}, {.batch = 5}};
};

/// Compares ten updates in one run with the same in two runs. The second one's objects are constructed with
/// `other` options and another seed; the learning rate changes in between.
template <template <class> class Optimizer, class D, class Options>
void check_goes_on(D& device, const Options& options, const Options& other) {
    SavedTraining<D, Optimizer, Options> straight{device, Seed{1}, options}, first{device, Seed{1}, options},
        second{device, Seed{2}, other};
    for (auto* const run : {&straight, &first}) {
        run->train(2);
        run->optimizer.set_learning_rate(0.5 * options.learning_rate);
        run->train(3);
    }
    second.train(1);  // state that the checkpoint must replace
    CheckpointReader reader(first.save(), "memory");
    second.serialize(reader);
    reader.apply();
    CHECK(second.optimizer.learning_rate() == 0.5 * options.learning_rate);
    CHECK(second.save() == first.save());
    straight.train(5);
    second.train(5);
    CHECK(second.save() == straight.save());
}

}  // namespace

TEMPLATE_TEST_CASE("Every optimizer continues from a checkpoint bit for bit", "", GANTRY_TEST_DEVICES) {
    TestType device;
    SECTION("Sgd") { check_goes_on<Sgd>(device, SgdOptions{.learning_rate = 0.1}, SgdOptions{}); }
    SECTION("Sgd with momentum") {
        check_goes_on<Sgd>(
            device, SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
            SgdOptions{.momentum = 0.5, .dampening = 0.5});
    }
    SECTION("Sgd with schedules") {
        check_goes_on<Sgd>(
            device,
            SgdOptions{.learning_rate = 0.1,
                       .decay = ExponentialDecay{.factor = 1.5, .minimum = 1e-3},
                       .momentum_schedule = LinearMomentum{.from = 0.2, .to = 0.9, .begin = 1, .end = 9}},
            SgdOptions{.decay = ExponentialDecay{}, .momentum_schedule = LinearMomentum{}});
    }
    const AdamOptions adam{
        .learning_rate = 0.02, .beta1 = 0.5, .beta2 = 0.9, .epsilon = 1e-4, .weight_decay = 0.1};
    SECTION("Adam") { check_goes_on<Adam>(device, adam, AdamOptions{}); }
    SECTION("OptimisticAdam") { check_goes_on<OptimisticAdam>(device, adam, AdamOptions{}); }
    SECTION("AdamW") {
        check_goes_on<AdamW>(
            device,
            AdamWOptions{
                .learning_rate = 0.02, .beta1 = 0.5, .beta2 = 0.9, .epsilon = 1e-4, .weight_decay = 0.1},
            AdamWOptions{});
    }
    SECTION("Lion") {
        check_goes_on<Lion>(
            device, LionOptions{.learning_rate = 0.02, .beta1 = 0.5, .beta2 = 0.75, .weight_decay = 0.1},
            LionOptions{});
    }
    SECTION("RmsProp") {
        check_goes_on<RmsProp>(device,
                               RmsPropOptions{.learning_rate = 0.02,
                                              .alpha = 0.5,
                                              .epsilon = 1e-4,
                                              .weight_decay = 0.1,
                                              .momentum = 0.5,
                                              .centered = true},
                               RmsPropOptions{.momentum = 0.1, .centered = true});
    }
}

TEMPLATE_TEST_CASE("A checkpoint is loaded with the same groups and frozen parts only", "",
                   GANTRY_TEST_DEVICES) {
    TestType device;
    const AdamOptions options{.learning_rate = 0.02};
    using Run = SavedTraining<TestType, Adam, AdamOptions>;
    const auto run = [&](bool group, bool frozen) {
        auto made = std::make_unique<Run>(device, Seed{1}, options);
        if (group) made->optimizer.add_group({.part = "0", .learning_rate_factor = 0.5});
        if (frozen) made->network.freeze("0");
        made->train(2);
        return made;
    };
    const auto loads = [&](const auto& from, const auto& to) {
        CheckpointReader reader(from->save(), "memory");
        to->serialize(reader);
        reader.apply();
    };
    const auto plain = run(false, false), grouped = run(true, false), frozen = run(false, true);
    loads(grouped, run(true, false));
    loads(frozen, run(false, true));
    CHECK_THROWS_WITH(loads(grouped, plain),
                      Catch::Contains("other parameter groups or frozen parts, \"0 x0.5 x1; \", not \"\""));
    CHECK_THROWS_WITH(loads(plain, grouped), Catch::Contains("other parameter groups or frozen parts"));
    CHECK_THROWS_WITH(loads(frozen, plain), Catch::Contains("\"frozen 0.weight; frozen 0.bias; \""));
}
