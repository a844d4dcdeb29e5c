#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/random.hpp>
#include <gantry/data/shuffled_order.hpp>
#include <gantry/io/build_text.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/safetensors.hpp>
#include <gantry/layers/parameter.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <numeric>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry {

namespace detail {

/// Shape of a parameter in a file: PyTorch's.
inline std::vector<std::size_t> file_shape(const ParameterInfo& info) {
    std::vector<std::size_t> shape;
    for (int i = 0; i < info.extents.rank; ++i)
        shape.push_back(static_cast<std::size_t>(info.extents.of[static_cast<std::size_t>(i)]));
    if (info.file_order == FileOrder::transposed) std::reverse(shape.begin(), shape.end());
    if (info.file_order == FileOrder::channels_first) shape = {shape[3], shape[2], shape[0], shape[1]};
    return shape;
}

/// A parameter's extents in memory as three: its orders in memory and in PyTorch's files are each other's
/// reverse. (A matrix has a 1 in the middle; of a convolution height and width are one.)
inline std::array<std::size_t, 3> extents_to_reverse(const ParameterInfo& info) {
    const auto extent = [&](std::size_t i) { return static_cast<std::size_t>(info.extents.of[i]); };
    switch (info.file_order) {
        case FileOrder::as_in_memory:
            return {1, 1, info.extents.size()};
        case FileOrder::transposed:
            return {extent(0), 1, extent(1)};
        case FileOrder::channels_first:
            return {extent(0) * extent(1), extent(2), extent(3)};
    }
    return {};
}
/// (c, b, a) from (a, b, c).
template <class T>
std::vector<T> reversed(std::span<const T> numbers, std::size_t a, std::size_t b, std::size_t c) {
    std::vector<T> result(numbers.size());
    for (std::size_t i = 0; i < a; ++i)
        for (std::size_t j = 0; j < b; ++j)
            for (std::size_t k = 0; k < c; ++k) result[(k * b + j) * a + i] = numbers[(i * b + j) * c + k];
    return result;
}
/// A parameter's numbers from the order in memory to that in a file.
template <class T>
std::vector<T> to_file_order(const ParameterInfo& info, std::span<const T> numbers) {
    const auto [a, b, c] = extents_to_reverse(info);
    return reversed(numbers, a, b, c);
}
/// And back.
template <class T>
std::vector<T> from_file_order(const ParameterInfo& info, std::span<const T> numbers) {
    const auto [a, b, c] = extents_to_reverse(info);
    return reversed(numbers, c, b, a);
}

/// A line for each layer, with its index: "0  Dense 100 -> 1200". Two activations have parameters of the same
/// shapes, so that the shapes alone do not tell architectures apart.
template <class Architecture>
std::string architecture_text() {
    std::string text;
    const auto row = [&](const std::string& layer, const auto&...) { text += layer + '\n'; };
    Architecture::template summary_rows<typename Architecture::Input>(row, "");
    return text;
}

/// A network without its architecture in the type, so that what follows is compiled once for all of them.
template <class T, class D>
struct NetworkParts {
    std::vector<ParameterInfo> parameter_infos, state_infos;
    std::string layers;  ///< see architecture_text
    Buffer<T, D>&parameters, &states;
    RandomStream& dropout;
};
template <class Net>
NetworkParts<typename Net::scalar, typename Net::device_type> parts_of(Net& network) {
    using Architecture = typename Net::Architecture;
    return {Architecture::parameters(), Architecture::states(), architecture_text<Architecture>(),
            network.parameters(),       network.states(),       network.dropout_stream()};
}

/// "(3, 4) of F32"
inline std::string form(std::string_view dtype, std::span<const std::size_t> shape) {
    std::string text = "(";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text.append(") of ").append(dtype);
}

/// All that a stream's numbers follow from: seed, name and position.
inline std::array<std::uint64_t, 3> stream_state(const RandomStream& stream) {
    return {static_cast<std::uint64_t>(stream.seed), stream.name, stream.position};
}

inline std::string with_dot(const std::string& name) { return name.empty() ? name : name + '.'; }

}  // namespace detail

// A checkpoint is a safetensors file. Whoever has something to save describes it once, for saving and loading
// alike:
//     template <class Checkpoint> void describe(Checkpoint& checkpoint) {
//         checkpoint.network("generator", generator);
//         checkpoint.optimizer("optimizer.generator", adam, generator);
//         checkpoint.stream("random.noise", noise);
//         checkpoint.batches("data", batches);
//         checkpoint.number("iterations", iterations);
//     }
// That is all that a run needs to go on bit for bit. Networks, optimizers and streams may be made with other
// seeds and options before a checkpoint is loaded, in any order. A network "generator" becomes
// the tensors of PyTorch's state_dict of the same nn.Sequential, in PyTorch's shapes, with "generator."
// before their names (nothing before them if the name is empty); a moment of its optimizer is a tensor for
// each parameter, such as "optimizer.generator.exp_avg.0.weight". What is no tensor to others is in the
// metadata: architectures, positions of dropout, how batches are served, and the build.

/// Collects a checkpoint: `write_safetensors(path, writer.file)`.
class CheckpointWriter {
public:
    Safetensors file;

    CheckpointWriter() { text("build", build_text()); }

    /// Parameters, states and the stream of dropout.
    template <class Net>
    void network(const std::string& name, Net& network) {
        const auto parts = detail::parts_of(network);
        tensors(detail::with_dot(name), parts.parameter_infos, parts.parameters);
        tensors(detail::with_dot(name), parts.state_infos, parts.states);
        text(detail::with_dot(name) + "architecture", parts.layers);
        const auto [seed, stream, position] = detail::stream_state(parts.dropout);
        text(detail::with_dot(name) + "dropout",
             std::to_string(seed) + ',' + std::to_string(stream) + ',' + std::to_string(position));
    }
    /// Moments, number of updates, and options with the current learning rate.
    template <class O, class Net>
    void optimizer(const std::string& name, O& optimizer, Net& network) {
        const auto infos = detail::parts_of(network).parameter_infos;
        for (const auto& [moment, buffer] : optimizer.buffers())
            tensors(detail::with_dot(name) + std::string(moment) + '.', infos, *buffer);
        number(detail::with_dot(name) + "updates", optimizer.updates());
        auto options = optimizer.options();
        for_each_option(options, [&](std::string_view option, const auto& value) {
            value_of(detail::with_dot(name) + std::string(option), value);
        });
        text(detail::with_dot(name) + "type", std::string(optimizer.name()));
    }
    void stream(const std::string& name, const RandomStream& stream) {
        file.tensors[name] = make_entry({3}, detail::stream_state(stream));
    }
    /// A buffer of the caller's own.
    template <class T, class D>
    void buffer(const std::string& name, const Buffer<T, D>& buffer) {
        file.tensors[name] = make_entry({buffer.size()}, buffer.to_host());
    }
    /// The position of Batches or DeviceBatches.
    template <class Loader>
    void batches(const std::string& name, Loader& batches) {
        number(detail::with_dot(name) + "position", batches.position());
        text(detail::with_dot(name) + "order", order_text(batches.count(), batches.options()));
    }
    void number(const std::string& name, std::uint64_t value) { value_of(name, value); }
    /// What must be the same when the checkpoint is loaded.
    void same(const std::string& name, const std::string& value, std::string_view = {}) { text(name, value); }
    /// Numbers, or positions of streams, that must be in proportion when the checkpoint is loaded: `name` is
    /// `factor` times `of`.
    void proportional(const std::string&, std::uint64_t, const std::string&) {}

private:
    void text(const std::string& name, const std::string& value) { file.metadata[name] = value; }
    void value_of(const std::string& name, bool value) { value_of(name, std::uint8_t{value}); }
    template <class T>
    void value_of(const std::string& name, T value) {
        file.tensors[name] = make_entry({}, std::span(&value, 1));
    }
    template <class B>
    void tensors(const std::string& prefix, const std::vector<ParameterInfo>& infos, const B& buffer) {
        const auto numbers = buffer.to_host();
        for (const ParameterInfo& info : infos)
            file.tensors[prefix + info.name] = make_entry(
                detail::file_shape(info),
                detail::to_file_order(info, std::span(numbers).subspan(info.offset, info.extents.size())));
    }
};

/// Puts a checkpoint back. Everything is checked as it is described; `apply` then changes all of it, or, if
/// something does not fit, an Error has been thrown before and nothing has changed.
///     CheckpointReader reader(read_safetensors(path), path.string());
///     describe(reader);
///     reader.apply();
class CheckpointReader {
public:
    /// `source` stands in errors.
    CheckpointReader(Safetensors file, std::string source)
        : file_(std::move(file)), source_(std::move(source)) {}

    template <class Net>
    void network(const std::string& name, Net& network) {
        const auto parts = detail::parts_of(network);
        if (file_.metadata.contains(detail::with_dot(name) + "architecture")) {  // else it is not gantry's
            check_architecture(name, parts.layers);
            dropout(detail::with_dot(name) + "dropout", parts.dropout);
        }
        tensors(detail::with_dot(name), parts.parameter_infos, parts.parameters);
        tensors(detail::with_dot(name), parts.state_infos, parts.states);
        // PyTorch counts batches beside its running statistics; nothing here depends on that.
        for (const ParameterInfo& info : parts.state_infos) {
            const std::string layer = info.name.substr(0, info.name.rfind('.') + 1);
            described_.insert(detail::with_dot(name) + layer + "num_batches_tracked");
        }
    }
    template <class O, class Net>
    void optimizer(const std::string& name, O& optimizer, Net& network) {
        const auto infos = detail::parts_of(network).parameter_infos;
        for (const auto& [moment, buffer] : optimizer.buffers())
            tensors(detail::with_dot(name) + std::string(moment) + '.', infos, *buffer);
        same(detail::with_dot(name) + "type", std::string(optimizer.name()), "optimizer");
        const auto updates = value_of<std::uint64_t>(detail::with_dot(name) + "updates");
        auto options = optimizer.options();
        for_each_option(options, [&](std::string_view option, auto& value) {
            value = value_of<std::remove_reference_t<decltype(value)>>(detail::with_dot(name) +
                                                                       std::string(option));
        });
        checked(name, [&] { optimizer.check(options); });
        changes_.push_back([&optimizer, options, updates] {
            optimizer.set_options(options);
            optimizer.set_updates(updates);
        });
    }
    void stream(const std::string& name, RandomStream& stream) {
        set_stream(name, stream, values<std::uint64_t>(name, {3}));
    }
    template <class T, class D>
    void buffer(const std::string& name, Buffer<T, D>& buffer) {
        changes_.push_back(
            [&buffer, numbers = values<T>(name, {buffer.size()})] { buffer.from_host(numbers); });
    }
    template <class Loader>
    void batches(const std::string& name, Loader& batches) {
        same(detail::with_dot(name) + "order", order_text(batches.count(), batches.options()),
             "order of data");
        const auto position = value_of<std::uint64_t>(detail::with_dot(name) + "position");
        checked(name, [&] { check_position(position, batches.options()); });
        changes_.push_back([&batches, position] { batches.seek(position); });
    }
    void number(const std::string& name, std::uint64_t& value) {
        const auto saved = value_of<std::uint64_t>(name);
        changes_.push_back([&value, saved] { value = saved; });
    }
    void same(const std::string& name, const std::string& value, std::string_view meaning) const {
        const std::string saved = text(name);
        if (saved != value)
            refuse("has another " + std::string(meaning) + ", " + detail::quoted(saved) + ", not " +
                   detail::quoted(value));
    }
    void proportional(const std::string& name, std::uint64_t factor, const std::string& of) {
        const std::uint64_t number = position_of(name), unit = position_of(of);
        if (number / factor != unit || number % factor != 0)
            refuse("has " + detail::quoted(name) + ' ' + std::to_string(number) +
                   ", which does not go with " + detail::quoted(of) + ' ' + std::to_string(unit));
    }

    /// The build that wrote the file, see build_text: another one may round otherwise.
    std::string build() const { return text("build"); }

    /// Errors: a tensor in the file that nothing described.
    void apply() {
        for (const auto& [name, entry] : file_.tensors)
            if (!described_.contains(name)) refuse("has a tensor " + detail::quoted(name) + " too many");
        for (const auto& change : changes_) change();
        changes_.clear();
    }

private:
    [[noreturn]] void refuse(const std::string& what) const {
        fail("checkpoint",
             source_ + ' ' + what +
                 ": it does not fit these networks and optimizers; load it with those that wrote it");
    }

    std::string text(const std::string& name) const {
        const auto found = file_.metadata.find(name);
        if (found == file_.metadata.end()) refuse("says nothing of " + detail::quoted(name));
        return found->second;
    }
    /// Calls f, and says which part of the checkpoint an Error is about.
    template <class F>
    void checked(const std::string& name, const F& f) const {
        try {
            f();
        } catch (const Error& error) {
            refuse("has a wrong " + detail::quoted(name) + ", " + error.what());
        }
    }

    void set_stream(const std::string& name, RandomStream& stream, const std::vector<std::uint64_t>& state) {
        const auto id = static_cast<std::uint32_t>(state[1]);
        if (id != state[1]) refuse("has a wrong " + detail::quoted(name));
        changes_.push_back([&stream, state, id] {
            stream.seed = Seed{state[0]};
            stream.name = id;
            stream.position = state[2];
        });
    }
    void dropout(const std::string& name, RandomStream& stream) {
        const std::string saved = text(name);
        std::string_view rest = saved;
        std::vector<std::uint64_t> state(3);
        for (std::uint64_t& number : state)
            if (!detail::parse_number(detail::take_field(rest, ','), number))
                refuse("has a wrong " + detail::quoted(name));
        if (!rest.empty()) refuse("has a wrong " + detail::quoted(name));
        set_stream(name, stream, state);
    }

    /// A number, or a stream's position.
    std::uint64_t position_of(const std::string& name) {
        const auto found = file_.tensors.find(name);
        const bool stream = found != file_.tensors.end() && found->second.shape.size() == 1;
        return stream ? values<std::uint64_t>(name, {3})[2] : value_of<std::uint64_t>(name);
    }
    template <class T>
    T value_of(const std::string& name) {
        if constexpr (std::is_same_v<T, bool>)
            return value_of<std::uint8_t>(name) != 0;
        else
            return values<T>(name, {})[0];
    }
    template <class T>
    std::vector<T> values(const std::string& name, const std::vector<std::size_t>& shape) {
        const auto found = file_.tensors.find(name);
        if (found == file_.tensors.end()) refuse("has no tensor " + detail::quoted(name));
        const std::string wanted = detail::form(detail::dtype_name<T>(), shape);
        const std::string got = detail::form(found->second.dtype, found->second.shape);
        if (got != wanted)
            refuse("has a tensor " + detail::quoted(name) + " that is " + got + ", not " + wanted);
        described_.insert(name);
        std::vector<T> numbers(
            std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>{}));
        copy_values(file_, name, std::span(numbers));
        return numbers;
    }

    template <class T, class D>
    void tensors(const std::string& prefix, const std::vector<ParameterInfo>& infos, Buffer<T, D>& buffer) {
        std::vector<T> numbers(buffer.size());
        for (const ParameterInfo& info : infos) {
            const std::vector<T> in_file = values<T>(prefix + info.name, detail::file_shape(info));
            const std::vector<T> in_memory = detail::from_file_order(info, std::span(in_file));
            std::copy(in_memory.begin(), in_memory.end(),
                      numbers.begin() + static_cast<std::ptrdiff_t>(info.offset));
        }
        changes_.push_back([&buffer, numbers = std::move(numbers)] { buffer.from_host(numbers); });
    }

    /// A file that says nothing about it (PyTorch's, say) is taken by its shapes alone.
    void check_architecture(const std::string& name, const std::string& wanted) const {
        const auto found = file_.metadata.find(detail::with_dot(name) + "architecture");
        if (found == file_.metadata.end() || found->second == wanted) return;
        std::istringstream wanted_lines(wanted), saved_lines(found->second);
        std::string wanted_line, saved_line;
        do {
            if (!std::getline(wanted_lines, wanted_line)) wanted_line = "no layer";
            if (!std::getline(saved_lines, saved_line)) saved_line = "no layer";
        } while (wanted_line == saved_line && saved_line != "no layer");
        refuse("has a network " + detail::quoted(name) + " with layer " + detail::quoted(saved_line) +
               " where this one has " + detail::quoted(wanted_line));
    }

    Safetensors file_;
    std::string source_;
    std::set<std::string> described_;
    std::vector<std::function<void()>> changes_;
};

}  // namespace gantry
