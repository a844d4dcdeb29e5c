// A GAN on a GPU, as the programs of examples/ train it: its output, its checkpoints and its continuation.
#include "gan/run.hpp"
#include "gan/small_recipe.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/cuda.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using namespace gantry;
using namespace gantry::test;

namespace {

LabelledImages images() {
    LabelledImages data{{20, 8, 8, 3, {}}, {}};
    for (const double x : random_numbers<double>(20 * 8 * 8 * 3, "pixels", 0, 256))
        data.images.pixels.push_back(static_cast<std::uint8_t>(x));
    return data;
}

/// A run on a device, without its files.
template <class D>
struct Run {
    explicit Run(const std::string& data_placement = "auto", int k = 1)
        : task{{.batch = 8, .seed = 3, .threads = 1, .data_placement = data_placement}, {.k = k}, data} {}

    LabelledImages data = images();
    gan::GanExperiment<SmallRecipe, D> task;

    void train(int iterations) {
        for (int i = 0; i < iterations; ++i) task.step();
    }
    Safetensors save() {
        CheckpointWriter writer;
        task.serialize(writer);
        return writer.file;
    }
};

}  // namespace

TEST_CASE("cuda: a resumed run equals the uninterrupted one bit for bit", "") {
    Run<Cuda> straight, first, second;
    straight.train(6);
    first.train(3);
    second.train(1);  // state that the checkpoint must replace
    CheckpointReader reader(first.save(), "memory");
    second.task.serialize(reader);
    reader.apply();
    second.train(3);
    CHECK(second.save() == straight.save());
    CHECK(second.task.draw().pixels == straight.task.draw().pixels);
}

TEST_CASE("cuda: runs with streamed and resident data are equal, and each can resume the other", "") {
    const auto resume = [](Run<Cuda>& run, Run<Cuda>& from) {
        CheckpointReader reader(from.save(), "memory");
        run.task.serialize(reader);
        reader.apply();
    };
    Run<Cuda> straight("resident", 3), streamed("streamed", 3), resident("resident", 3), last("streamed", 3);
    straight.train(6);
    streamed.train(2);
    resident.train(1);  // state that the checkpoint must replace
    resume(resident, streamed);
    resident.train(1);
    last.train(3);  // also replaced
    resume(last, resident);
    last.train(3);
    CHECK(last.save() == straight.save());
    CHECK(last.task.draw().pixels == straight.task.draw().pixels);
}

TEST_CASE("cuda: the same seed trains the same GAN on a GPU and on the CPU", "") {
    Run<Cuda> gpu;
    Run<Cpu> cpu;
    // Rounding differs, and training amplifies it: after a few iterations it is not yet visible in the log's
    // digits.
    gpu.train(10);
    cpu.train(10);
    const auto on_gpu = gpu.task.take_metrics(), on_cpu = cpu.task.take_metrics();
    REQUIRE(on_gpu.size() == 10);
    REQUIRE(on_cpu.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(largest_error(on_gpu[i], on_cpu[i]) < 1e-3);
    CHECK(gpu.save().tensors.at("data.position") == cpu.save().tensors.at("data.position"));

    const io::Image a = gpu.task.draw(), b = cpu.task.draw();
    REQUIRE(a.pixels.size() == b.pixels.size());
    int largest = 0;
    for (std::size_t i = 0; i < a.pixels.size(); ++i)
        largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
    CHECK(largest <= 2);  // of 255
}
