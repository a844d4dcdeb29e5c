#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/random.hpp>
#include <gantry/io/safetensors.hpp>
#include <gantry/layers/parameter.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <numeric>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
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
};
template <class Net>
NetworkParts<typename Net::scalar, typename Net::device_type> parts_of(Net& network) {
    using Architecture = typename Net::Architecture;
    return {Architecture::parameters(), Architecture::states(), architecture_text<Architecture>(),
            network.parameters(), network.states()};
}

/// "(3, 4) of F32"
inline std::string form(std::string_view dtype, std::span<const std::size_t> shape) {
    std::ostringstream text;
    text << '(';
    for (std::size_t i = 0; i < shape.size(); ++i) text << (i > 0 ? ", " : "") << shape[i];
    text << ") of " << dtype;
    return text.str();
}

inline std::string with_dot(const std::string& name) { return name.empty() ? name : name + '.'; }

}  // namespace detail

// A checkpoint is a safetensors file. Whoever has something to save describes it once, for saving and loading
// alike:
//     template <class Checkpoint> void describe(Checkpoint& checkpoint) {
//         checkpoint.network("generator", generator);
//         checkpoint.optimizer("optimizer.generator", adam, generator);
//         checkpoint.stream("random.noise", noise);
//         checkpoint.number("iterations", iterations);
//     }
// A network "generator" becomes the tensors of PyTorch's state_dict of the same nn.Sequential, in PyTorch's
// shapes, with "generator." before their names (nothing before them if the name is empty); a moment of its
// optimizer is a tensor for each parameter, such as "optimizer.generator.exp_avg.0.weight".

/// Collects a checkpoint: `write_safetensors(path, writer.file)`.
class CheckpointWriter {
public:
    Safetensors file;

    template <class Net>
    void network(const std::string& name, Net& network) {
        const auto parts = detail::parts_of(network);
        tensors(detail::with_dot(name), parts.parameter_infos, parts.parameters);
        tensors(detail::with_dot(name), parts.state_infos, parts.states);
        file.metadata[detail::with_dot(name) + "architecture"] = parts.layers;
    }
    template <class O, class Net>
    void optimizer(const std::string& name, O& optimizer, Net& network) {
        const auto infos = detail::parts_of(network).parameter_infos;
        for (const auto& [moment, buffer] : optimizer.buffers())
            tensors(detail::with_dot(name) + std::string(moment) + '.', infos, *buffer);
        number(detail::with_dot(name) + "updates", optimizer.updates());
    }
    void stream(const std::string& name, const RandomStream& stream) {
        const std::array<std::uint64_t, 2> state{static_cast<std::uint64_t>(stream.seed), stream.position};
        file.tensors[name] = make_entry({2}, state);
    }
    void number(const std::string& name, std::uint64_t value) {
        file.tensors[name] = make_entry({}, std::span(&value, 1));
    }

private:
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
    CheckpointReader(const CheckpointReader&) = delete;
    CheckpointReader& operator=(const CheckpointReader&) = delete;
    /// Errors: `apply` was forgotten. (Not where another exception ends the scope.)
    ~CheckpointReader() noexcept(false) {
        if (!changes_.empty() && std::uncaught_exceptions() == exceptions_)
            fail("checkpoint",
                 source_ + " was described to a CheckpointReader and not loaded: call its apply()");
    }

    template <class Net>
    void network(const std::string& name, Net& network) {
        const auto parts = detail::parts_of(network);
        check_architecture(name, parts.layers);
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
        const auto updates = values<std::uint64_t>(detail::with_dot(name) + "updates", {})[0];
        changes_.push_back([&optimizer, updates] { optimizer.set_updates(updates); });
    }
    void stream(const std::string& name, RandomStream& stream) {
        const auto state = values<std::uint64_t>(name, {2});
        changes_.push_back([&stream, state] {
            stream.seed = Seed{state[0]};
            stream.position = state[1];
        });
    }
    void number(const std::string& name, std::uint64_t& value) {
        const auto saved = values<std::uint64_t>(name, {})[0];
        changes_.push_back([&value, saved] { value = saved; });
    }

    /// Errors: a tensor in the file that nothing described.
    void apply() {
        for (const auto& [name, entry] : file_.tensors)
            if (!described_.contains(name)) refuse("has a tensor " + detail::quoted(name) + " too many");
        for (const auto& change : changes_) change();
        changes_.clear();
    }

private:
    [[noreturn]] void refuse(const std::string& what) {
        changes_.clear();
        fail("checkpoint",
             source_ + ' ' + what +
                 ": it does not fit these networks and optimizers; load it with those that wrote it");
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
    void check_architecture(const std::string& name, const std::string& wanted) {
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
    std::vector<std::function<void()>> changes_;  ///< that wait for `apply`
    int exceptions_ = std::uncaught_exceptions();
};

}  // namespace gantry
