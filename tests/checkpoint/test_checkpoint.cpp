#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include "support/comma_locale.hpp"
#include "support/devices.hpp"
#include <gantry/checkpoint/build_text.hpp>
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/data/batches.hpp>
#include <gantry/gantry.hpp>
#include <gantry/io/safetensors_file.hpp>
#include <gantry/optim/adam.hpp>
#include <gantry/optim/optimistic_adam.hpp>
#include <gantry/optim/sgd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using namespace gantry;

namespace {

using Architecture =
    Sequential<Dense<3, 4>, BatchNorm<4>, ReLU, Sequential<Maxout<Dense<4, 2>, 2>, Dense<2, 1>>, Tanh>;

/// A network with its optimizer, a random stream and a number: one of each kind of state in a checkpoint.
template <class D, class A = Architecture>
struct Saved {
    explicit Saved(D& device, std::uint64_t seed) : network{device, Seed{seed}}, noise(Seed{seed}, "noise") {
        count(network.parameters(), static_cast<float>(seed));
        count(network.states(), static_cast<float>(seed) + 0.25f);
        for (const auto& [name, buffer] : adam.buffers())
            count(*buffer, static_cast<float>(seed + name.size()) + 0.5f);
        adam.set_updates(seed);
        noise.position = 7 * seed;
        iterations = 11 * seed;
    }
    template <class Checkpoint>
    void serialize(Checkpoint& checkpoint) {
        checkpoint.network("net", network);
        checkpoint.optimizer("adam", adam, network);
        checkpoint.stream("noise", noise);
        checkpoint.number("iterations", iterations);
    }
    Safetensors save() {
        CheckpointWriter writer;
        serialize(writer);
        return writer.file;
    }
    void load(const Safetensors& file) {
        CheckpointReader reader(file, "run/a.safetensors");
        serialize(reader);
        reader.apply();
    }

    Network<A, D> network;
    OptimisticAdam<Network<A, D>> adam{network};
    RandomStream noise;
    std::uint64_t iterations = 0;

private:
    /// Fills a buffer with from, from + 1, ...
    static void count(core::Buffer<float, D>& buffer, float from) {
        std::vector<float> numbers(buffer.size());
        std::iota(numbers.begin(), numbers.end(), 1000 * from);
        buffer.from_host(numbers);
    }
};

std::vector<float> floats(const Safetensors& file, const std::string& name) {
    std::vector<float> values(file.tensors.at(name).data.size() / sizeof(float));
    io::copy_values(file, name, std::span(values));
    return values;
}

}  // namespace

TEMPLATE_TEST_CASE("A checkpoint restores everything through a file", "", GANTRY_TEST_DEVICES) {
    const TemporaryFolder folder;
    TestType device;
    Saved<TestType> first{device, 1}, second{device, 2};
    const Safetensors saved = first.save();
    REQUIRE(second.save() != saved);
    write_safetensors(folder / "a.safetensors", saved);
    second.load(read_safetensors(folder / "a.safetensors"));
    CHECK(second.save() == saved);
    CHECK(second.network.parameters().to_host() == first.network.parameters().to_host());
    CHECK(second.network.states().to_host() == first.network.states().to_host());
    CHECK(second.adam.updates() == 1);
    CHECK(second.noise == first.noise);
    CHECK(second.iterations == 11);
}

TEST_CASE("A network's tensors have PyTorch's names, shapes and order", "") {
    Cpu device;
    Saved<Cpu> net{device, 0};  // parameters 0, 1, 2, ... in memory
    const Safetensors file = net.save();
    std::vector<std::string> names;
    for (const auto& [name, entry] : file.tensors)
        if (name.starts_with("net.")) names.push_back(name);
    CHECK(names == std::vector<std::string>{"net.0.bias", "net.0.weight", "net.1.bias", "net.1.running_mean",
                                            "net.1.running_var", "net.1.weight", "net.3.0.bias",
                                            "net.3.0.weight", "net.3.1.bias", "net.3.1.weight"});
    // Dense<3, 4>: (3, 4) row-major in memory; PyTorch's Linear has (4, 3).
    CHECK(file.tensors.at("net.0.weight").shape == std::vector<std::size_t>{4, 3});
    CHECK(floats(file, "net.0.weight") == std::vector<float>{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11});
    CHECK(floats(file, "net.0.bias") == std::vector<float>{12, 13, 14, 15});
    // Moments have the layout of their parameters.
    CHECK(file.tensors.at("adam.exp_avg.0.weight").shape == std::vector<std::size_t>{4, 3});
    const auto moment = floats(file, "adam.exp_avg.0.weight");
    CHECK(moment[1] - moment[0] == 4);
    CHECK(file.tensors.at("adam.updates").dtype == "U64");
}

TEST_CASE("Convolution weights are stored in a file in PyTorch's layout", "") {
    // A 1x2 window, 2 input and 3 output channels. In memory (1, 2, 2, 3) and, transposed, (1, 2, 3, 2).
    constexpr Conv2dOptions window{.size = {1, 2}, .bias = false};
    using A = Sequential<Conv2d<2, 3, window>, ConvTranspose2d<3, 2, window>>;
    Cpu device;
    Saved<Cpu, A> net{device, 0}, other{device, 5};
    const Safetensors file = net.save();
    CHECK(file.tensors.at("net.0.weight").shape == std::vector<std::size_t>{3, 2, 1, 2});
    CHECK(floats(file, "net.0.weight") == std::vector<float>{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11});
    CHECK(file.tensors.at("net.1.weight").shape == std::vector<std::size_t>{3, 2, 1, 2});
    CHECK(floats(file, "net.1.weight") == std::vector<float>{12, 18, 15, 21, 13, 19, 16, 22, 14, 20, 17, 23});
    CHECK(other.network.parameters().to_host() != net.network.parameters().to_host());
    other.load(file);
    CHECK(other.network.parameters().to_host() == net.network.parameters().to_host());
}

TEST_CASE("A state_dict with PyTorch's num_batches_tracked is read too", "") {
    Cpu device;
    Saved<Cpu> net{device, 1};
    CheckpointWriter writer;
    writer.network("", net.network);
    CHECK(writer.file.tensors.contains("3.1.weight"));
    writer.file.metadata.clear();
    const std::int64_t batches = 5;
    writer.file.tensors["1.num_batches_tracked"] = io::make_entry({}, std::span(&batches, 1));

    Saved<Cpu> other{device, 2};
    CheckpointReader reader(writer.file, "torch.safetensors");
    reader.network("", other.network);
    reader.apply();
    CHECK(other.network.parameters().to_host() == net.network.parameters().to_host());
}

TEST_CASE("A stream is restored with its name", "") {
    RandomStream saved(Seed{1}, "noise"), other(Seed{2}, "another");
    saved.position = 48;
    CheckpointWriter writer;
    writer.stream("noise", saved);
    CheckpointReader reader(writer.file, "memory");
    reader.stream("noise", other);
    reader.apply();
    CHECK(other == saved);
}

TEST_CASE("Integers that are inconsistent or out of range are errors", "") {
    Cpu device;
    Saved<Cpu> net{device, 3};
    Safetensors file = net.save();
    const auto error = [&](const auto& serialize) {
        return error_of([&] {
            CheckpointReader reader(file, "run/a.safetensors");
            serialize(reader);
        });
    };
    const auto proportional = [&](std::uint64_t factor) {
        return error([&](auto& reader) { reader.proportional("iterations", factor, "adam.updates"); });
    };
    CHECK(proportional(11) == "");  // 33 and 3
    for (const std::uint64_t factor : {std::uint64_t{1}, std::uint64_t{12}, ~std::uint64_t{0}})
        CHECK(is_line_with(proportional(factor),
                           {"\"iterations\" 33, which does not match \"adam.updates\" 3"}));

    const std::vector<std::uint8_t> pixels(20);
    Batches<float> data(pixels, 2, {}, {.batch = 5}), larger(pixels, 2, {}, {.batch = 6});
    CheckpointWriter writer;
    writer.batches("data", data);
    file = writer.file;
    CHECK(is_line_with(error([&](auto& reader) { reader.batches("data", data); }), {"call its apply()"}));
    CHECK(is_line_with(error([&](auto& reader) { reader.batches("data", larger); }),
                       {"a different order of data", "batches of 5 from 10", "not \"batches of 6 from 10"}));
    file.tensors.at("data.position") = io::make_entry({}, std::array{~std::uint64_t{0}});
    CHECK(is_line_with(error([&](auto& reader) { reader.batches("data", data); }),
                       {"an invalid \"data\"", "a position must be at most"}));
    CHECK(is_line_with(error_of([&] { data.seek(~std::uint64_t{0}); }), {"a position must be at most"}));
}

TEST_CASE("A checkpoint names its build, and other builds can read it", "") {
    CheckpointWriter writer;
    CHECK(CheckpointReader(writer.file, "memory").build() == core::build_text());
    CHECK(core::build_text().starts_with("gantry " + std::string(version) + ", "));
    writer.file.metadata["build"] = "another";
    CHECK(CheckpointReader(writer.file, "memory").build() == "another");
}

TEST_CASE("A checkpoint does not depend on the program's locale", "") {
    using A = Sequential<Dense<1200, 3>, LeakyReLU<0.25f>, Dropout<0.125f>>;
    Cpu device;
    Saved<Cpu, A> net{device, 1234567};
    const Safetensors before = net.save();
    const CommaLocale comma;
    CHECK(net.save() == before);
    net.load(before);
}

TEST_CASE("A checkpoint that is read but not applied is an error", "") {
    Cpu device;
    Saved<Cpu> net{device, 1}, other{device, 2};
    const Safetensors before = net.save(), saved = other.save();
    CHECK_THROWS_WITH(
        [&] {
            CheckpointReader reader(saved, "run/a.safetensors");
            net.serialize(reader);
        }(),
        "[checkpoint] run/a.safetensors was read into a CheckpointReader but not applied: call its apply()");
    CHECK_THROWS_WITH(
        [&] {
            CheckpointReader reader(saved, "run/a.safetensors");
            net.serialize(reader);
            throw std::runtime_error("in the middle");
        }(),
        "in the middle");
    CHECK(net.save() == before);
    CHECK_NOTHROW(CheckpointReader(saved, "run/a.safetensors"));
}

TEST_CASE("A checkpoint that does not match is a one-line error and changes nothing", "") {
    Cpu device;
    Saved<Cpu> net{device, 1}, other{device, 2};
    const Safetensors before = net.save();
    Safetensors file = other.save();

    SECTION("a tensor is missing") {
        file.tensors.erase("net.3.1.bias");
        CHECK(is_line_with(error_of([&] { net.load(file); }),
                           {"[checkpoint] run/a.safetensors has no tensor \"net.3.1.bias\": ",
                            "load it with those that wrote it"}));
    }
    SECTION("a moment is missing") {
        file.tensors.erase("adam.previous_update.0.weight");
        CHECK(is_line_with(error_of([&] { net.load(file); }),
                           {"has no tensor \"adam.previous_update.0.weight\""}));
    }
    SECTION("the last thing described is missing") {
        file.tensors.erase("iterations");
        CHECK(is_line_with(error_of([&] { net.load(file); }), {"has no tensor \"iterations\""}));
    }
    SECTION("an extra tensor") {
        file.tensors["net.4.weight"] = io::make_entry({1}, std::vector<float>{1});
        CHECK(is_line_with(error_of([&] { net.load(file); }), {"has a tensor \"net.4.weight\" too many"}));
    }
    SECTION("another shape of the same size") {
        file.tensors["net.0.weight"].shape = {3, 4};
        CHECK(is_line_with(error_of([&] { net.load(file); }),
                           {"\"net.0.weight\" that is (3, 4) of F32, not (4, 3) of F32"}));
    }
    SECTION("another type") {
        file.tensors["net.0.bias"] = io::make_entry({4}, std::vector<double>{1, 2, 3, 4});
        CHECK(is_line_with(error_of([&] { net.load(file); }),
                           {"\"net.0.bias\" that is (4) of F64, not (4) of F32"}));
    }
    SECTION("another architecture of the same shapes") {
        using Other = Sequential<Dense<3, 4>, BatchNorm<4>, LeakyReLU<0.2f>,
                                 Sequential<Maxout<Dense<4, 2>, 2>, Dense<2, 1>>, Tanh>;
        Saved<Cpu, Other> leaky{device, 2};
        CHECK(is_line_with(error_of([&] { net.load(leaky.save()); }),
                           {"\"net\" with layer \"2  LeakyReLU 0.2\" where this one has \"2  ReLU\""}));
    }
    SECTION("an architecture with one layer fewer") {
        using Other =
            Sequential<Dense<3, 4>, BatchNorm<4>, ReLU, Sequential<Maxout<Dense<4, 2>, 2>, Dense<2, 1>>>;
        Saved<Cpu, Other> shorter{device, 2};
        CHECK(is_line_with(error_of([&] { net.load(shorter.save()); }),
                           {"with layer \"no layer\" where this one has \"4  Tanh\""}));
    }
    SECTION("another optimizer") {
        Sgd sgd{other.network, {.momentum = 0.5}};
        CheckpointReader reader(file, "run/a.safetensors");
        CHECK(is_line_with(error_of([&] { reader.optimizer("adam", sgd, other.network); }),
                           {"has no tensor \"adam.momentum_buffer.0.weight\""}));
    }
    SECTION("another optimizer with the same moments") {
        Adam adam{other.network};
        CheckpointWriter writer;
        writer.optimizer("adam", adam, other.network);
        AdamW adam_w{other.network};
        CheckpointReader reader(writer.file, "run/a.safetensors");
        CHECK(is_line_with(error_of([&] { reader.optimizer("adam", adam_w, other.network); }),
                           {"has a different optimizer, \"Adam\", not \"AdamW\""}));
    }
    SECTION("an option out of range") {
        file.tensors.at("adam.learning_rate") = io::make_entry({}, std::array{-1.0});
        CHECK(is_line_with(error_of([&] { net.load(file); }),
                           {"an invalid \"adam\"", "learning_rate must be finite and at least 0; got -1"}));
    }
    SECTION("an invalid stream") {
        file.metadata.at("net.dropout") = "1,2";
        CHECK(is_line_with(error_of([&] { net.load(file); }), {"an invalid \"net.dropout\""}));
    }
    SECTION("a network without its stream") {
        file.metadata.erase("net.dropout");
        CHECK(is_line_with(error_of([&] { net.load(file); }), {"has no entry \"net.dropout\""}));
    }
    CHECK(net.save() == before);
}
