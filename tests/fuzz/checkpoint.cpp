#include "fuzz.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/data/batches.hpp>
#include <gantry/gantry.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <vector>

using namespace gantry;

namespace {

using Architecture = Sequential<InputShape<2, 2, 1>, Flatten, Dense<4, 2>, BatchNorm<2>, Dropout<0.5>>;

/// The smallest example of every kind of state that a checkpoint can hold.
struct Training {
    Cpu device{{.threads = 1}};
    Network<Architecture, Cpu> network{device, Seed{1}};
    Adam<Network<Architecture, Cpu>> adam{network};
    RandomStream noise{Seed{2}, "noise"};
    std::vector<std::uint8_t> pixels = std::vector<std::uint8_t>(12);
    Batches<float> batches{pixels, 4, {}, {.batch = 2}};
    std::uint64_t iterations = 0;

    template <class Checkpoint>
    void serialize(Checkpoint& checkpoint) {
        checkpoint.network("network", network);
        checkpoint.optimizer("optimizer", adam, network);
        checkpoint.stream("noise", noise);
        checkpoint.batches("data", batches);
        checkpoint.number("iterations", iterations);
        checkpoint.proportional("optimizer.updates", 1, "iterations");
    }
    Safetensors save() {
        CheckpointWriter writer;
        serialize(writer);
        return writer.file;
    }
};

}  // namespace

// A file without gantry's checksum, which the fuzzer could not guess. A rejected file changes nothing; a
// loaded one, saved again, is the same.
GANTRY_FUZZ(input) {
    static const fuzz::InputFile file;
    static Training training;
    file.set(input);
    const Safetensors before = training.save();
    bool loaded = false;
    fuzz::accept_or_refuse([&] {
        CheckpointReader reader(read_safetensors(file.path()), "input");
        training.serialize(reader);
        reader.apply();
        loaded = true;
    });
    const Safetensors after = training.save();
    if (!loaded && !(after == before)) std::abort();
    if (!loaded) return;
    CheckpointReader reader(after, "memory");
    training.serialize(reader);
    reader.apply();
    if (!(training.save() == after)) std::abort();
    CheckpointReader back(before, "memory");
    training.serialize(back);
    back.apply();
}
