// Exchanges files with PyTorch: networks of make_pytorch_networks.py, with the outputs that PyTorch computed.
#include "io/temporary_folder.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>
#include <gantry/io/safetensors_file.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace gantry;

namespace {

constexpr int pytorch_batch = 3;
constexpr Conv2dOptions same{.size = 3, .padding = 1};
constexpr Pool2dOptions halve{.size = 2};

const Safetensors& pytorch_file() {
    static const Safetensors file =
        read_safetensors(GANTRY_CHECKPOINT_FOLDER "/pytorch_networks.safetensors");
    return file;
}
std::vector<float> pytorch_numbers(const std::string& name) {
    std::vector<float> numbers(pytorch_file().tensors.at(name).data.size() / sizeof(float));
    io::copy_values(pytorch_file(), name, std::span(numbers));
    return numbers;
}
/// Converts images from PyTorch's memory order to gantry's; leaves vectors unchanged.
template <class S>
std::vector<float> channels_last(const std::vector<float>& numbers) {
    if constexpr (S::rank != 4) {
        return numbers;
    } else {
        constexpr core::Extents e = S::extents(pytorch_batch);
        constexpr auto channels = static_cast<std::size_t>(e.of[3]), pixels = S::sample_size / channels;
        std::vector<float> result;
        for (std::size_t n = 0; n < pytorch_batch; ++n)
            for (std::size_t p = 0; p < pixels; ++p)
                for (std::size_t c = 0; c < channels; ++c)
                    result.push_back(numbers[(n * channels + c) * pixels + p]);
        return result;
    }
}

template <class A>
struct Loaded {
    explicit Loaded(Safetensors file) {
        CheckpointReader reader(std::move(file), "torch.safetensors");
        reader.network("", network);
        reader.apply();
    }
    /// The largest error of the outputs, compared with PyTorch's.
    double error(const std::string& name) {
        using Input = typename A::Input;
        const Step step{device};
        const auto x =
            from_host<Input>(device, pytorch_batch, channels_last<Input>(pytorch_numbers(name + ".input")));
        return test::largest_error(
            evaluation(network)(x).to_host(),
            channels_last<typename A::template Output<Input>>(pytorch_numbers(name + ".output")));
    }

    Cpu device;
    Network<A, Cpu> network{device, Seed{1}};
};

/// Reads a PyTorch network, compares its output with PyTorch's, and writes an identical file.
template <class A>
void check_parity(const std::string& name) {
    CAPTURE(name);
    Safetensors file = part_of(pytorch_file(), name + ".network", "torch.safetensors");
    Loaded<A> loaded(file);
    CHECK(loaded.error(name) < 1e-5);

    CheckpointWriter writer;
    writer.network("", loaded.network);
    std::erase_if(file.tensors, [](const auto& t) { return t.first.ends_with("num_batches_tracked"); });
    CHECK(writer.file.tensors == file.tensors);
}

using ConvDense = Sequential<InputShape<4, 5, 2>, Conv2d<2, 3, same>, Flatten, Dense<60, 4>>;

// The same networks as structs.
struct ConvDenseStruct {
    using Input = Shape<Batch, 4, 5, 2>;
    Conv2d<2, 3, same> conv;
    Dense<60, 4> dense;

    auto operator()(const auto& x) const { return dense(flatten(conv(x))); }
};
struct NormsStruct {
    using Input = Shape<Batch, 4, 5, 2>;
    Conv2d<2, 3, same> conv;
    BatchNorm<3> norm1;
    BatchNorm<60> norm2;
    Dense<60, 4> dense;

    auto operator()(const auto& x) const {
        return dense(norm2(1.0 * flatten(leaky_relu(norm1(conv(x)), 0.2))));
    }
};
struct GeneratorStruct {
    using Input = Shape<Batch, 3>;
    Dense<3, 24> dense;
    BatchNorm<24> norm;
    Conv2d<3, 2, same> conv;

    auto operator()(const auto& z) const {
        return conv(reshape<Shape<Batch, 2, 4, 3>>(relu(norm(dense(z)))));
    }
};
struct SequentialsStruct {
    using Input = Shape<Batch, 3>;
    Sequential<Dense<3, 24>, BatchNorm<24>, ReLU, Reshape<2, 4, 3>> project;
    Conv2d<3, 2, same> conv;

    auto operator()(const auto& z) const { return conv(project(z)); }
};
// The same networks with structs in Sequentials and Sequentials in structs, which flatten across their
// borders.
struct SequentialHead {
    using Input = Shape<Batch, 4, 5, 2>;
    Conv2d<2, 3, same> conv;
    Sequential<Dense<60, 4>> head;

    auto operator()(const auto& x) const { return head(flatten(conv(x))); }
};
struct FlattenInSequential {
    using Input = Shape<Batch, 4, 5, 2>;
    Sequential<Conv2d<2, 3, same>, Flatten> features;
    Dense<60, 4> dense;

    auto operator()(const auto& x) const { return dense(features(x)); }
};
struct Flattened {
    Conv2d<2, 3, same> conv;

    auto operator()(const auto& x) const { return flatten(conv(x)); }
};
struct HeadStruct {
    Dense<60, 4> dense;

    auto operator()(const auto& x) const { return dense(x); }
};
struct NormsHead {
    Sequential<Dropout<0.3f>, BatchNorm<60>> norm;
    Dense<60, 4> dense;

    auto operator()(const auto& x) const { return dense(norm(x)); }
};
struct NestedFeatures {
    Sequential<Flattened, Dropout<0.3f>> body;

    auto operator()(const auto& x) const { return 1.0 * body(x); }
};
struct ToImage {
    BatchNorm<24> norm;

    auto operator()(const auto& h) const { return reshape<Shape<Batch, 2, 4, 3>>(relu(norm(h))); }
};
struct NestedGenerator {
    using Input = Shape<Batch, 3>;
    Sequential<Dense<3, 24>, ToImage> project;
    std::array<Sequential<Conv2d<3, 2, same>>, 1> convs;

    auto operator()(const auto& z) const { return convs[0](project(z)); }
};
struct Branches {
    using Input = Shape<Batch, 3>;
    Fused<Dense<3, 24>, Tanh> dense;
    Dense<24, 4> head;
    Conv2d<3, 2, same> conv;
    Dense<16, 4> out;

    auto operator()(const auto& z) const {
        const auto h = dense(z);
        const auto judged = head(h);
        return out(flatten(conv(reshape<Shape<Batch, 2, 4, 3>>(h)))) + judged;
    }
};

// Networks in which no order of the parameters gives PyTorch's.
struct JoinsVectors {
    using Input = layers::Inputs<Shape<Batch, 4, 5, 2>, Shape<Batch, 3>>;
    Dense<43, 4> dense;

    auto operator()(const auto& x, const auto& v) const { return dense(concatenate(flatten(x), v)); }
};
struct ScalesFeatures {
    using Input = Shape<Batch, 4, 5, 2>;
    LearnedTensor<Shape<40>, Role::scale> factor;
    Dense<40, 4> dense;

    auto operator()(const auto& x) const { return dense(factor(x) * flatten(x)); }
};
struct TwoImages {
    using Input = layers::Inputs<Shape<Batch, 4, 5, 2>, Shape<Batch, 40>>;
    Dense<40, 4> dense;

    auto operator()(const auto& x, const auto& v) const { return dense(v) + dense(flatten(x)); }
};
struct AddsInput {
    using Input = layers::Inputs<Shape<Batch, 4, 5, 2>, Shape<Batch, 40>>;
    Dense<40, 4> dense;

    auto operator()(const auto& x, const auto& v) const { return dense(flatten(x) + v); }
};
struct Sort : layers::PlainLayer, layers::Part<Sort> {
    static std::string name() { return "Sort"; }
    template <class P, AnyTensor X>
    static auto forward(const P&, const X& x) {
        return 1.0 * x;
    }
};
struct SortsFeatures {
    using Input = Shape<Batch, 4, 5, 2>;
    Sequential<Flatten, Sort, Dense<40, 4>> layers;

    auto operator()(const auto& x) const { return layers(x); }
};
struct ReshapesInput {
    using Input = Shape<Batch, 40>;
    Dense<40, 4> dense;

    auto operator()(const auto& x) const { return dense(flatten(1.0 * reshape<Shape<Batch, 4, 5, 2>>(x))); }
};

}  // namespace

TEST_CASE("PyTorch's networks as structs give PyTorch's outputs", "") {
    using Names = std::map<std::string, std::string>;
    const auto check = []<class A>(std::type_identity<A>, const std::string& name, const Names& members) {
        CAPTURE(name);
        Safetensors file;  // with the members' names in place of PyTorch's indices
        for (const auto& [key, entry] :
             part_of(pytorch_file(), name + ".network", "torch.safetensors").tensors)
            if (const auto dot = key.rfind('.'); !key.ends_with("num_batches_tracked"))
                file.tensors[members.at(key.substr(0, dot)) + key.substr(dot)] = entry;
        Loaded<typename Network<A, Cpu>::Architecture> loaded(file);
        CHECK(loaded.error(name) < 1e-5);
        CheckpointWriter writer;
        writer.network("", loaded.network);
        CHECK(writer.file.tensors == file.tensors);
    };
    check(std::type_identity<ConvDenseStruct>{}, "conv_dense", {{"0", "conv"}, {"2", "dense"}});
    check(std::type_identity<NormsStruct>{}, "conv_norms_dense",
          {{"0", "conv"}, {"1", "norm1"}, {"5", "norm2"}, {"6", "dense"}});
    check(std::type_identity<GeneratorStruct>{}, "dense_norm_conv",
          {{"0", "dense"}, {"1", "norm"}, {"4", "conv"}});
    check(std::type_identity<SequentialsStruct>{}, "dense_norm_conv",
          {{"0", "project.0"}, {"1", "project.1"}, {"4", "conv"}});

    check(std::type_identity<Branches>{}, "branches",
          {{"0.dense", "dense"}, {"0.head", "head"}, {"0.conv", "conv"}, {"0.out", "out"}});

    // Structs in Sequentials, and Sequentials in structs.
    check(std::type_identity<SequentialHead>{}, "conv_dense", {{"0", "conv"}, {"2", "head.0"}});
    check(std::type_identity<FlattenInSequential>{}, "conv_dense", {{"0", "features.0"}, {"2", "dense"}});
    using SmallImage = InputShape<4, 5, 2>;
    check(std::type_identity<Sequential<ConvDenseStruct>>{}, "conv_dense",
          {{"0", "0.conv"}, {"2", "0.dense"}});
    check(std::type_identity<Sequential<SmallImage, Flattened, Dense<60, 4>>>{}, "conv_dense",
          {{"0", "0.conv"}, {"2", "1"}});
    check(std::type_identity<Sequential<SmallImage, Conv2d<2, 3, same>, Flatten, HeadStruct>>{}, "conv_dense",
          {{"0", "0"}, {"2", "2.dense"}});
    check(std::type_identity<Sequential<SmallImage, NestedFeatures, Sequential<HeadStruct>>>{}, "conv_dense",
          {{"0", "0.body.0.conv"}, {"2", "1.0.dense"}});
    check(
        std::type_identity<
            Sequential<SmallImage, Conv2d<2, 3, same>, BatchNorm<3>, LeakyReLU<0.2f>, Flatten, NormsHead>>{},
        "conv_norms_dense", {{"0", "0"}, {"1", "1"}, {"5", "4.norm.1"}, {"6", "4.dense"}});
    check(std::type_identity<NestedGenerator>{}, "dense_norm_conv",
          {{"0", "project.0"}, {"1", "project.1.norm"}, {"4", "convs.0.0"}});
    check(std::type_identity<Sequential<Dense<3, 24>, ToImage, Conv2d<3, 2, same>>>{}, "dense_norm_conv",
          {{"0", "0"}, {"1", "1.norm"}, {"4", "2"}});
}

TEST_CASE("Structs without an equivalent PyTorch file are refused with the reason", "") {
    const auto check = []<class A>(std::type_identity<A>, const std::string& reason) {
        CAPTURE(reason);
        Cpu device;
        Network<A, Cpu> network{device, Seed{1}};
        CheckpointWriter writer;
        CHECK_THROWS_WITH(writer.network("", network), Catch::Contains(reason));
    };
    check(std::type_identity<JoinsVectors>{}, "only a part of the layer's input: dense  Dense 43 -> 4");
    check(std::type_identity<ScalesFeatures>{}, "a LearnedTensor is applied to a flattened image: factor");
    check(std::type_identity<TwoImages>{}, "called with different images: dense  Dense 40 -> 4");
    check(std::type_identity<AddsInput>{}, "an input of the network has the order of a flattened image");
    check(std::type_identity<SortsFeatures>{}, "the layer has no feature_order: layers.1  Sort");
    check(std::type_identity<ReshapesInput>{}, "an input of the network has the order of a flattened image");
    check(std::type_identity<Sequential<InputShape<4, 5, 2>, Flattened, BatchNorm<60>>>{},
          "the network returns a flattened image");
}

TEST_CASE("PyTorch's networks give PyTorch's outputs, and are written in PyTorch's layout", "") {
    check_parity<ConvDense>("conv_dense");
    check_parity<Sequential<InputShape<4, 5, 2>, Conv2d<2, 3, same>, BatchNorm<3>, LeakyReLU<0.2f>, Flatten,
                            Dropout<0.3f>, BatchNorm<60>, Dense<60, 4>>>("conv_norms_dense");
    check_parity<Sequential<Dense<3, 24>, Reshape<2, 4, 3>,
                            ConvTranspose2d<3, 2, Conv2dOptions{.size = 3, .stride = 2}>>>(
        "dense_transposed");
    check_parity<Sequential<Dense<3, 24>, BatchNorm<24>, ReLU, Reshape<2, 4, 3>, Conv2d<3, 2, same>>>(
        "dense_norm_conv");
    check_parity<
        Sequential<Sequential<InputShape<4, 5, 2>, Conv2d<2, 3, same>, Sequential<Tanh, Flatten>>,
                   Sequential<Dropout<0.1f>, Sequential<BatchNorm<60>, Dense<60, 7>>, ReLU, Dense<7, 16>>,
                   Sequential<BatchNorm<16>, Reshape<2, 2, 4>>, Conv2d<4, 2, Conv2dOptions{.size = 2}>>>(
        "nested");
    check_parity<Sequential<InputShape<4, 6, 2>, Conv2d<2, 3, same>, MaxPool2d<halve>, Flatten,
                            Maxout<Dense<18, 12>, 3>, Dropout<0.2f>, Reshape<2, 3, 2>,
                            Conv2d<2, 3, Conv2dOptions{.size = 2}>>>("maxout");
    check_parity<
        Sequential<InputShape<4, 6, 2>, Conv2d<2, 4, same>, ReLU, MaxPool2d<halve>, Flatten, Dense<24, 3>>>(
        "pool_dense");
    check_parity<
        Sequential<InputShape<4, 5, 2>, Conv2d<2, 1, same>, Flatten, Dense<20, 6>, Reshape<2, 3, 1>,
                   Conv2d<1, 2, Conv2dOptions{.size = 2}>, Conv2d<2, 1, Conv2dOptions{.size = 1}>, Flatten>>(
        "one_channel");
    check_parity<Sequential<InputShape<5>, Reshape<1, 1, 5>, ConvTranspose2d<5, 3, Conv2dOptions{.size = 2}>,
                            Conv2d<3, 4, Conv2dOptions{.size = 2}>, Flatten, Dense<4, 4>, Reshape<1, 1, 4>,
                            ConvTranspose2d<4, 2, Conv2dOptions{.size = 3}>,
                            Conv2d<2, 3, Conv2dOptions{.size = 3}>, Flatten>>("one_pixel");
    check_parity<Sequential<InputShape<4, 5, 2>, Conv2d<2, 3, Conv2dOptions{.size = 1}>, Flatten,
                            BatchNorm<60>, Reshape<2, 10, 3>, Conv2d<3, 2, Conv2dOptions{.size = 2}>>>(
        "other_sides");
    check_parity<
        Sequential<InputShape<4, 5, 2>, Conv2d<2, 3, Conv2dOptions{.size = 2}>, GlobalAvgPool2d, Dense<3, 8>,
                   Reshape<2, 2, 2>, Upsample<2>, AvgPool2d<halve>, Flatten, Dense<8, 2>>>("channel_means");
    check_parity<
        Sequential<InputShape<4, 5, 4>, Conv2d<4, 6, Conv2dOptions{.size = 3, .padding = 1, .groups = 2}>,
                   ConvTranspose2d<6, 3, Conv2dOptions{.size = {2, 3}, .stride = 2, .groups = 3}>, ReLU,
                   Conv2d<3, 6, Conv2dOptions{.size = 3, .groups = 3}>,
                   Conv2d<6, 6, Conv2dOptions{.size = 3, .padding = 1, .groups = 6}>>>("groups");
    check_parity<Sequential<
        InputShape<4, 5, 4>,
        SpectralNorm<Conv2d<4, 6, Conv2dOptions{.size = {3, 2}, .padding = 1, .groups = 2}>>, ReLU,
        SpectralNorm<ConvTranspose2d<6, 3, Conv2dOptions{.size = {2, 3}, .stride = 2, .groups = 3}>>, Flatten,
        SpectralNorm<Dense<312, 24>>, Reshape<2, 4, 3>, Conv2d<3, 2, Conv2dOptions{.size = 2}>>>("spectral");
}

TEST_CASE("A state_dict is read regardless of parameterless layers in between", "") {
    const Safetensors file = part_of(pytorch_file(), "conv_dense.network", "torch.safetensors");
    const auto renamed = [&](const std::string& first, const std::string& second) {
        Safetensors other;
        for (const std::string tensor : {"weight", "bias"}) {
            other.tensors[first + tensor] = file.tensors.at("0." + tensor);
            other.tensors[second + tensor] = file.tensors.at("2." + tensor);
        }
        return other;
    };
    CHECK(Loaded<ConvDense>(renamed("0.", "1.")).error("conv_dense") < 1e-5);
    CHECK(Loaded<ConvDense>(renamed("2.", "10.")).error("conv_dense") < 1e-5);
    CHECK(Loaded<ConvDense>(renamed("main.3.0.", "main.3.1.1.")).error("conv_dense") < 1e-5);
    const auto error = [&](const Safetensors& other) {
        return error_of([&] { Loaded<ConvDense> loaded(other); });
    };
    // Names without numbers define no order.
    CHECK(is_line_with(error(renamed("first.", "second.")), {"has no tensor \"0.weight\": "}));
    CHECK(
        is_line_with(error(renamed("5.", "3.")), {"\"3.weight\" that is (4, 60) of F32, not (3, 2, 3, 3)"}));
    Safetensors other = renamed("0.", "1.");
    other.tensors["0.running_var"] = other.tensors["0.bias"];
    CHECK(is_line_with(error(other), {"\"0.running_var\" too many"}));
    other = renamed("0.", "1.");
    other.tensors["1.scale"] = std::move(other.tensors["1.bias"]);
    other.tensors.erase("1.bias");
    CHECK(is_line_with(error(other), {"has no tensor \"1.bias\" for this network's \"2.bias\""}));
    other = renamed("0.", "1.");
    other.tensors["2.bias"] = other.tensors["1.bias"];
    CHECK(is_line_with(error(other), {"\"2.bias\" too many"}));
    other = renamed("0.", "1.");
    other.tensors.erase("1.bias");
    other.tensors.erase("1.weight");
    CHECK(is_line_with(error(other), {"has no tensor \"2.bias\""}));
}

TEST_CASE("One network can be loaded from a file with more", "") {
    const auto part = [](const std::string& name) {
        return part_of(pytorch_file(), name, "run/a.safetensors");
    };
    CHECK(is_line_with(error_of([&] { part("generator"); }),
                       {"run/a.safetensors has no part \"generator\"; it has the parts ", "\"conv_dense\", ",
                        "\"nested\", "}));
    // A prefix of a part's name is not a part, and neither is the full name of a tensor.
    CHECK_FALSE(error_of([&] { part("conv"); }).empty());
    CHECK_FALSE(error_of([&] { part("conv_dense.input"); }).empty());
    CHECK(is_line_with(error_of([&] { Loaded<ConvDense> loaded(part("conv_dense")); }),
                       {"has no tensor \"bias\" for this network's \"0.bias\""}));

    // An unsupported dtype matters only for tensors that are loaded.
    Safetensors with_f8 = pytorch_file();
    with_f8.tensors["other.weight"] = {"F8_E4M3", {1}, std::vector<std::byte>(1)};
    CHECK(Loaded<ConvDense>(part_of(with_f8, "conv_dense.network", "a")).error("conv_dense") < 1e-5);
    with_f8.tensors["conv_dense.network.2.bias"].dtype = "F8_E4M3";
    CHECK(is_line_with(error_of([&] { Loaded<ConvDense> l(part_of(with_f8, "conv_dense.network", "a")); }),
                       {"\"2.bias\" of the unsupported type \"F8_E4M3\"", "convert it"}));

    Safetensors file = part("conv_dense.network");
    file.tensors["3.weight"] = file.tensors["2.weight"];
    CHECK(is_line_with(error_of([&] { Loaded<ConvDense> loaded(file); }),
                       {"\"3.weight\" too many", "part_of"}));
}

TEST_CASE("Half-precision values are converted to the network's type", "") {
    // Values that F16 and BF16 represent exactly.
    const std::vector<float> numbers{1, -2, 0.5f, 0, 1.5f, -0.0078125f};
    const std::vector<std::uint16_t> half{0x3C00, 0xC000, 0x3800, 0, 0x3E00, 0xA000},
        bfloat16{0x3F80, 0xC000, 0x3F00, 0, 0x3FC0, 0xBC00};
    const auto loads = [&]<class T>(T, const std::string& dtype, const auto& bits) {
        Safetensors file;
        io::TensorEntry& entry = file.tensors["0.weight"];
        const auto bytes = std::as_bytes(std::span(bits));
        entry = {dtype, {2, 3}, {bytes.begin(), bytes.end()}};
        Cpu device;
        Network<Sequential<Dense<3, 2, DenseOptions{.bias = false}>>, Cpu, T> network{device, Seed{1}};
        CheckpointReader reader(file, "half.safetensors");
        reader.network("", network);
        reader.apply();
        CheckpointWriter writer;
        writer.network("", network);
        std::vector<T> read(6);
        io::copy_values(writer.file, "0.weight", std::span(read));
        return std::vector<float>(read.begin(), read.end()) == numbers;
    };
    CHECK(loads(float{}, "F16", half));
    CHECK(loads(double{}, "F16", half));
    CHECK(loads(float{}, "BF16", bfloat16));
    CHECK(loads(double{}, "BF16", bfloat16));
    CHECK(loads(double{}, "F32", numbers));
    const std::string wide = error_of([&] { loads(float{}, "F64", std::vector<double>(6)); });
    CHECK(is_line_with(wide, {"(2, 3) of F64, not (2, 3) of F32"}));
    CHECK(is_line_with(error_of([&] { loads(float{}, "I16", half); }), {"of I16, not (2, 3) of F32"}));
}

TEST_CASE("A file with another order of flattened images is a one-line error", "") {
    Cpu device;
    Network<ConvDense, Cpu> network{device, Seed{1}};
    Network<Sequential<Dense<60, 4>>, Cpu> plain{device, Seed{1}};
    CheckpointWriter writer;
    writer.network("net", network);
    writer.network("plain", plain);
    const auto error = [&](const std::string& name, auto& net) {
        return error_of([&] {
            CheckpointReader reader(part_of(writer.file, name, "a.safetensors"), "a.safetensors");
            reader.network("", net);
            reader.apply();
        });
    };
    CHECK(error("net", network).empty());
    writer.file.metadata["net.layout"] = "ONNX";
    CHECK(is_line_with(error("net", network),
                       {"a.safetensors was written by a version of gantry with a different order"}));
    writer.file.metadata.erase("net.layout");  // as written by older versions
    CHECK(is_line_with(error("net", network),
                       {"a.safetensors was written by a version of gantry with a different order"}));
    writer.file.metadata.erase("plain.layout");
    CHECK(error("plain", plain).empty());  // its format has not changed
}
