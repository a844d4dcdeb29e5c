#pragma once
#include <gantry/checkpoint/build_text.hpp>
#include <gantry/checkpoint/state_dict.hpp>
#include <gantry/core/buffer.hpp>
#include <gantry/core/error.hpp>
#include <gantry/core/parameter.hpp>
#include <gantry/core/random.hpp>
#include <gantry/data/shuffled_order.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/safetensors.hpp>
#include <gantry/layers/feature_order.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <locale>
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

/// A parameter's shape in a file, which is PyTorch's.
inline std::vector<std::size_t> file_shape(const core::ParameterInfo& info) {
    std::vector<std::size_t> shape;
    for (int i = 0; i < info.extents.rank; ++i)
        shape.push_back(static_cast<std::size_t>(info.extents.of[static_cast<std::size_t>(i)]));
    if (info.file_order == core::FileOrder::transposed) std::reverse(shape.begin(), shape.end());
    if (info.file_order == core::FileOrder::inputs) shape = {info.extents.size()};
    if (info.file_order == core::FileOrder::channels_first) shape = {shape[3], shape[2], shape[0], shape[1]};
    return shape;
}

/// A parameter's extents in memory, merged to three axes (a, b, c) that files hold as (c, b, a). A matrix has
/// b = 1; a convolution has a = height * width; the inputs of one output have c = 1.
inline std::array<std::size_t, 3> extents_to_reverse(const core::ParameterInfo& info) {
    const auto extent = [&](std::size_t i) { return static_cast<std::size_t>(info.extents.of[i]); };
    switch (info.file_order) {
        case core::FileOrder::transposed:
            return {extent(0), 1, extent(1)};
        case core::FileOrder::channels_first:
            return {extent(0) * extent(1), extent(2), extent(3)};
        case core::FileOrder::inputs:
            return info.extents.rank == 1 ? std::array{extent(0), std::size_t{1}, std::size_t{1}}
                                          : std::array{extent(0) * extent(1), extent(2), std::size_t{1}};
        default:
            return {1, 1, info.extents.size()};
    }
}
/// Index in PyTorch's order for each feature of an axis. A Maxout has several vectors on its axis.
inline std::vector<std::size_t> pytorch_order(std::size_t extent, core::FlatImage image) {
    const auto pixels = static_cast<std::size_t>(image.pixels),
               channels = static_cast<std::size_t>(image.channels);
    std::vector<std::size_t> places(extent);
    for (std::size_t i = 0; i < extent; ++i) {
        const std::size_t feature = i % (pixels * channels);
        places[i] = i - feature + feature % channels * pixels + feature / channels;
    }
    return places;
}
/// Calls f(i, j) for each element of a parameter: element i in memory is element j in a file.
template <class F>
void for_each_place(const core::ParameterInfo& info, const F& f) {
    const auto [a, b, c] = extents_to_reverse(info);
    const auto rows = pytorch_order(a, info.inputs), columns = pytorch_order(c, info.outputs);
    for (std::size_t i = 0; i < a; ++i)
        for (std::size_t j = 0; j < b; ++j)
            for (std::size_t k = 0; k < c; ++k) f((i * b + j) * c + k, (columns[k] * b + j) * a + rows[i]);
}

/// A line per layer with its index: "0  Dense 100 -> 1200". Parameter shapes alone would not distinguish
/// architectures that differ in their activations only.
inline std::string architecture_text(const std::vector<layers::SummaryRow>& rows) {
    std::string text;
    for (const layers::SummaryRow& row : rows) text += row.layer + '\n';
    return text;
}

/// A network without its architecture in the type, so that the code below is compiled once for all networks.
template <class T, class D>
struct NetworkParts {
    std::vector<core::ParameterInfo> parameter_infos, state_infos;
    std::string layers;  ///< see architecture_text
    core::Buffer<T, D>&parameters, &states;
    RandomStream& dropout;
};
/// The parameters of a network with the orders of their features in a file.
inline std::vector<core::ParameterInfo> ordered(std::vector<core::ParameterInfo> infos,
                                                std::span<const layers::LayerOrders> orders) {
    for (core::ParameterInfo& info : infos) {
        info.inputs = orders[info.leaf].inputs;
        info.outputs = orders[info.leaf].outputs;
    }
    return infos;
}
/// Compile-time error: the network has no equivalent PyTorch file; see PyTorchOrder.
template <class Net>
NetworkParts<typename Net::scalar, typename Net::device_type> parts_of(Net& network) {
    using Architecture = typename Net::Architecture;
    constexpr auto& orders = layers::feature_orders<Architecture>;
    static_cast<void>(sizeof(diagnosis::PyTorchOrder<orders.layer, orders.problem>));
    const auto in_files = layers::orders_in_files<Architecture>();
    return {ordered(Architecture::parameters(), in_files),
            ordered(Architecture::states(), in_files),
            architecture_text(Architecture::template summary_rows<typename Architecture::Input, false>()),
            network.parameters(),
            network.states(),
            network.dropout_stream()};
}

/// "(3, 4) of F32"
inline std::string form(std::string_view dtype, std::span<const std::size_t> shape) {
    std::string text = "(";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text.append(") of ").append(dtype);
}

/// The state of a random stream: seed, name and position.
inline std::array<std::uint64_t, 3> stream_state(const RandomStream& stream) {
    return {static_cast<std::uint64_t>(stream.seed), stream.name, stream.position};
}

/// `name` with a dot, or nothing for an empty name.
inline std::string with_dot(const std::string& name) { return name.empty() ? name : name + '.'; }

/// Feature order of flattened images in gantry's files. Early versions used gantry's own order and wrote no
/// layout.
inline constexpr const char* layout = "PyTorch";

/// The first components of a file's tensor names, for a message.
inline std::string parts_text(const Safetensors& file) {
    std::set<std::string> parts;
    for (const auto& [name, entry] : file.tensors)
        if (name.find('.') != name.npos) parts.insert(name.substr(0, name.find('.')));
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + io::quoted(part);
    return parts.empty() ? "no parts" : "the parts " + text;
}

/// The groups of an optimizer, if it has any, and the frozen parameters of its network: "mapping x0.01 x1;
/// frozen first.weight". They change updates, and the program must set them again before it loads a
/// checkpoint.
template <class O, class Net>
std::string groups_text(const O& optimizer, const Net& network) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    if constexpr (requires { optimizer.groups(); })
        for (const auto& group : optimizer.groups()) {
            out << (group.part.empty() ? "all" : group.part);
            if (group.role) out << " role " << static_cast<int>(*group.role);
            out << " x" << group.learning_rate_factor << " x" << group.weight_decay_factor << "; ";
        }
    const auto infos = Net::Architecture::parameters();
    for (std::size_t i = 0; i < infos.size(); ++i)
        if (network.places()[i].frozen) out << "frozen " << infos[i].name << "; ";
    return out.str();
}

}  // namespace detail

// clang-format off
// A checkpoint is a safetensors file. One function describes its contents, for saving and for loading:
//     template <class Checkpoint> void describe(Checkpoint& checkpoint) {
//         checkpoint.network("generator", generator);
//         checkpoint.optimizer("optimizer.generator", adam, generator);
//         checkpoint.stream("random.noise", noise);
//         checkpoint.batches("data", batches);
//         checkpoint.number("iterations", iterations);
//     }
// With these a run continues bit for bit. Before a checkpoint is loaded, networks, optimizers and streams may
// be constructed with other seeds and options, in any order.
//
// What a file holds:
//   network "generator"   the tensors of PyTorch's state_dict of the same nn.Sequential, in PyTorch's shapes
//                         and order, with the prefix "generator." (none for an empty name)
//   optimizer             each moment as one tensor per parameter: "optimizer.generator.exp_avg.0.weight"
//   metadata              what is not a tensor to PyTorch: architectures, dropout streams, the order of the
//                         batches, the build
// If tensor names differ on loading, layers with parameters are matched by their order. A network's own input
// and output vectors are not permuted: a network of Dense layers only sees a flattened image channels-last.
// clang-format on

/// The tensors and metadata whose names begin with `name` and a dot, without that prefix: for example one
/// network of a checkpoint, which is then loaded under an empty name. `source` names the file in errors.
/// Errors: no such tensors.
///     CheckpointReader reader(part_of(read_safetensors(path), "generator", path), path);
///     reader.network("", generator);
///     reader.apply();
inline Safetensors part_of(Safetensors file, const std::string& name, const std::string& source) {
    const std::string prefix = detail::with_dot(name);
    Safetensors part;
    for (auto& [full_name, entry] : file.tensors)
        if (full_name.starts_with(prefix)) part.tensors[full_name.substr(prefix.size())] = std::move(entry);
    if (part.tensors.empty())
        fail("checkpoint",
             source + " has no part " + io::quoted(name) + "; it has " + detail::parts_text(file));
    for (const auto& [key, text] : file.metadata)
        if (key.starts_with(prefix)) part.metadata[key.substr(prefix.size())] = text;
    return part;
}

/// Builds a checkpoint in `file`:
///     CheckpointWriter writer;
///     describe(writer);
///     write_safetensors(path, writer.file);
class CheckpointWriter {
public:
    Safetensors file;  ///< the checkpoint's contents

    CheckpointWriter() { text("build", core::build_text()); }

    /// Saves parameters, states and the dropout stream.
    template <class Net>
    void network(const std::string& name, Net& network) {
        save_network(name, detail::parts_of(network));
    }
    /// Saves moments, number of updates, and options including the current learning rate.
    template <class O, class Net>
    void optimizer(const std::string& name, O& optimizer, Net& network) {
        save_moments(name, detail::parts_of(network).parameter_infos, optimizer.buffers());
        number(detail::with_dot(name) + "updates", optimizer.updates());
        save_options(name, optimizer.options());
        text(detail::with_dot(name) + "type", std::string(optimizer.name()));
        const std::string groups = detail::groups_text(optimizer, network);
        if (!groups.empty()) text(detail::with_dot(name) + "groups", groups);
    }
    /// Saves a stream's seed, name and position.
    void stream(const std::string& name, const RandomStream& stream) {
        file.tensors[name] = io::make_entry({3}, detail::stream_state(stream));
    }
    /// Saves a buffer as a vector.
    template <class T, class D>
    void buffer(const std::string& name, const core::Buffer<T, D>& buffer) {
        file.tensors[name] = io::make_entry({buffer.size()}, buffer.to_host());
    }
    /// Saves the position of Batches or DeviceBatches, and the order of its samples.
    template <class Loader>
    void batches(const std::string& name, Loader& batches) {
        number(detail::with_dot(name) + "position", batches.position());
        text(detail::with_dot(name) + "order", io::order_text(batches.count(), batches.options()));
    }
    /// Saves an integer.
    void number(const std::string& name, std::uint64_t value) { value_of(name, value); }
    /// Saves a text that must be the same when the checkpoint is loaded.
    void same(const std::string& name, const std::string& value, std::string_view = {}) { text(name, value); }
    /// Requires on loading that the integer or stream position `name` is `factor` times `of`. Saves nothing.
    void proportional(const std::string&, std::uint64_t, const std::string&) {}

private:
    // Below, nothing depends on a network or an optimizer by its type, so all share the code.
    template <class T, class D>
    void save_network(const std::string& name, const detail::NetworkParts<T, D>& parts) {
        tensors(detail::with_dot(name), parts.parameter_infos, parts.parameters);
        tensors(detail::with_dot(name), parts.state_infos, parts.states);
        text(detail::with_dot(name) + "layout", detail::layout);
        text(detail::with_dot(name) + "architecture", parts.layers);
        const auto [seed, stream, position] = detail::stream_state(parts.dropout);
        text(detail::with_dot(name) + "dropout",
             std::to_string(seed) + ',' + std::to_string(stream) + ',' + std::to_string(position));
    }
    template <class Moments>
    void save_moments(const std::string& name, const std::vector<core::ParameterInfo>& infos,
                      const Moments& moments) {
        for (const auto& [moment, buffer] : moments)
            tensors(detail::with_dot(name) + std::string(moment) + '.', infos, *buffer);
    }
    template <class Options>
    void save_options(const std::string& name, Options options) {
        for_each_option(options, [&](std::string_view option, const auto& value) {
            value_of(detail::with_dot(name) + std::string(option), value);
        });
    }

    void text(const std::string& name, const std::string& value) { file.metadata[name] = value; }
    void value_of(const std::string& name, bool value) { value_of(name, std::uint8_t{value}); }
    template <class T>
    void value_of(const std::string& name, T value) {
        file.tensors[name] = io::make_entry({}, std::span(&value, 1));
    }
    template <class B>
    void tensors(const std::string& prefix, const std::vector<core::ParameterInfo>& infos, const B& buffer) {
        const auto numbers = buffer.to_host();
        for (const core::ParameterInfo& info : infos) {
            std::vector in_file(info.extents.size(), numbers[0]);
            detail::for_each_place(
                info, [&](std::size_t i, std::size_t j) { in_file[j] = numbers[info.offset + i]; });
            file.tensors[prefix + info.name] = io::make_entry(detail::file_shape(info), in_file);
        }
    }
};

/// Restores a checkpoint. Describing an object checks it against the file; `apply` then restores all objects.
/// A mismatch throws an Error before anything has changed.
///     CheckpointReader reader(read_safetensors(path), path.string());
///     describe(reader);
///     reader.apply();
class CheckpointReader {
public:
    /// `source` names the file in errors.
    CheckpointReader(Safetensors file, std::string source)
        : file_(std::move(file)), source_(std::move(source)) {}
    CheckpointReader(const CheckpointReader&) = delete;
    CheckpointReader& operator=(const CheckpointReader&) = delete;
    /// Throws an Error if objects were described and `apply` was not called, unless another exception ends
    /// the scope.
    ~CheckpointReader() noexcept(false) {
        if (!changes_.empty() && std::uncaught_exceptions() == exceptions_)
            fail("checkpoint",
                 source_ + " was read into a CheckpointReader but not applied: call its apply()");
    }

    /// Parameters, states and, in gantry's files, the dropout stream. Narrower floating-point types are
    /// converted. Errors: missing tensors; other shapes or dtypes; another architecture.
    template <class Net>
    void network(const std::string& name, Net& network) {
        restore_network(name, detail::parts_of(network));
    }
    /// Moments, number of updates and options. Errors: another type of optimizer; missing moments; options
    /// that Optimizer::check rejects.
    template <class O, class Net>
    void optimizer(const std::string& name, O& optimizer, Net& network) {
        restore_moments(name, detail::parts_of(network).parameter_infos, optimizer.buffers());
        same(detail::with_dot(name) + "type", std::string(optimizer.name()), "optimizer");
        const std::string groups = detail::groups_text(optimizer, network);
        const auto saved = file_.metadata.find(detail::with_dot(name) + "groups");
        if (const std::string of_file = saved == file_.metadata.end() ? "" : saved->second; of_file != groups)
            refuse("has other parameter groups or frozen parts, " + io::quoted(of_file) + ", not " +
                   io::quoted(groups));
        const auto updates = value_of<std::uint64_t>(detail::with_dot(name) + "updates");
        const auto options = saved_options(name, optimizer.options());
        checked(name, [&] { optimizer.check(options); });
        changes_.push_back([&optimizer, options, updates] {
            optimizer.set_options(options);
            optimizer.set_updates(updates);
        });
    }
    /// A stream's seed, name and position.
    void stream(const std::string& name, RandomStream& stream) {
        set_stream(name, stream, values<std::uint64_t>(name, {3}));
    }
    /// A buffer. Errors: another size or dtype.
    template <class T, class D>
    void buffer(const std::string& name, core::Buffer<T, D>& buffer) {
        changes_.push_back(
            [&buffer, numbers = values<T>(name, {buffer.size()})] { buffer.from_host(numbers); });
    }
    /// The position of Batches or DeviceBatches. Errors: another order of the samples.
    template <class Loader>
    void batches(const std::string& name, Loader& batches) {
        same(detail::with_dot(name) + "order", io::order_text(batches.count(), batches.options()),
             "order of data");
        const auto position = value_of<std::uint64_t>(detail::with_dot(name) + "position");
        checked(name, [&] { io::check_position(position, batches.options()); });
        changes_.push_back([&batches, position] { batches.seek(position); });
    }
    /// An integer.
    void number(const std::string& name, std::uint64_t& value) {
        const auto saved = value_of<std::uint64_t>(name);
        changes_.push_back([&value, saved] { value = saved; });
    }
    /// Errors: the saved text differs from `value`; `meaning` describes it in the message.
    void same(const std::string& name, const std::string& value, std::string_view meaning) {
        const std::string saved = text(name);
        if (saved != value)
            refuse("has a different " + std::string(meaning) + ", " + io::quoted(saved) + ", not " +
                   io::quoted(value));
    }
    /// Errors: the integer or stream position `name` is not `factor` times `of`.
    void proportional(const std::string& name, std::uint64_t factor, const std::string& of) {
        const std::uint64_t number = position_of(name), unit = position_of(of);
        if (number / factor != unit || number % factor != 0)
            refuse("has " + io::quoted(name) + ' ' + std::to_string(number) + ", which does not match " +
                   io::quoted(of) + ' ' + std::to_string(unit));
    }

    /// The build that wrote the file; see build_text. Another build may round differently.
    std::string build() { return text("build"); }

    /// Restores everything that was described. Errors: a tensor in the file that was not described.
    void apply() {
        for (const auto& [name, entry] : file_.tensors)
            if (!described_.contains(name))
                refuse("has a tensor " + io::quoted(name) + " too many",
                       "load it with those that wrote it, or one network with part_of");
        for (const auto& change : changes_) change();
        changes_.clear();
    }

private:
    [[noreturn]] void refuse(const std::string& what,
                             const std::string& advice = "load it with those that wrote it") {
        changes_.clear();
        fail("checkpoint",
             source_ + ' ' + what + ": it does not fit these networks and optimizers; " + advice);
    }

    template <class T, class D>
    void restore_network(const std::string& name, const detail::NetworkParts<T, D>& parts) {
        const std::string prefix = detail::with_dot(name);
        if (file_.metadata.contains(prefix + "architecture")) {  // otherwise the file is not gantry's
            check_layout(name, parts.parameter_infos);
            check_architecture(name, parts.layers);
            dropout(prefix + "dropout", parts.dropout);
        }
        auto infos = parts.parameter_infos;
        infos.insert(infos.end(), parts.state_infos.begin(), parts.state_infos.end());
        const detail::TensorNames names = find_tensors(prefix, infos);
        tensors(prefix, names, parts.parameter_infos, parts.parameters);
        tensors(prefix, names, parts.state_infos, parts.states);
        // PyTorch also stores the number of batches next to its running statistics; gantry ignores it.
        for (const core::ParameterInfo& info : parts.state_infos) {
            const std::string count =
                prefix + detail::module_of(names.in_file.at(info.name)) + detail::batch_count;
            if (file_.tensors.contains(count)) values<std::int64_t>(count, {});
        }
    }
    template <class Moments>
    void restore_moments(const std::string& name, const std::vector<core::ParameterInfo>& infos,
                         const Moments& moments) {
        for (const auto& [moment, buffer] : moments) {
            const std::string prefix = detail::with_dot(name) + std::string(moment) + '.';
            tensors(prefix, find_tensors(prefix, infos), infos, *buffer);
        }
    }
    template <class Options>
    Options saved_options(const std::string& name, Options options) {
        for_each_option(options, [&](std::string_view option, auto& value) {
            value = value_of<std::remove_reference_t<decltype(value)>>(detail::with_dot(name) +
                                                                       std::string(option));
        });
        return options;
    }

    detail::TensorNames find_tensors(const std::string& prefix,
                                     const std::vector<core::ParameterInfo>& infos) {
        std::vector<std::string> wanted, found;
        for (const core::ParameterInfo& info : infos) wanted.push_back(info.name);
        for (const auto& [name, entry] : file_.tensors)
            if (name.starts_with(prefix)) found.push_back(name.substr(prefix.size()));
        if (found.empty() && !infos.empty())
            refuse("has no tensor " + io::quoted(prefix + wanted.front()) + "; it has " +
                   detail::parts_text(file_));
        return detail::find_tensors(wanted, found, prefix);
    }

    std::string text(const std::string& name) {
        const auto found = file_.metadata.find(name);
        if (found == file_.metadata.end()) refuse("has no entry " + io::quoted(name));
        return found->second;
    }
    /// Calls f and adds the part of the checkpoint to an Error's message.
    template <class F>
    void checked(const std::string& name, const F& f) {
        try {
            f();
        } catch (const Error& error) {
            refuse("has an invalid " + io::quoted(name) + ", " + error.what());
        }
    }

    void set_stream(const std::string& name, RandomStream& stream, const std::vector<std::uint64_t>& state) {
        const auto id = static_cast<std::uint32_t>(state[1]);
        if (id != state[1]) refuse("has an invalid " + io::quoted(name));
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
            if (!io::parse_number(io::take_field(rest, ','), number))
                refuse("has an invalid " + io::quoted(name));
        if (!rest.empty()) refuse("has an invalid " + io::quoted(name));
        set_stream(name, stream, state);
    }

    /// A saved integer, or the position of a saved stream.
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
        if (found == file_.tensors.end()) refuse("has no tensor " + io::quoted(name));
        if (io::dtype_size(found->second.dtype) == 0) {
            changes_.clear();
            fail("checkpoint", source_ + " has a tensor " + io::quoted(name) + " of " +
                                   io::unsupported(found->second.dtype));
        }
        const bool widened = io::is_widened<T>(found->second.dtype);
        const std::string wanted = detail::form(widened ? found->second.dtype : io::dtype_name<T>(), shape);
        const std::string got = detail::form(found->second.dtype, found->second.shape);
        if (got != wanted) refuse("has a tensor " + io::quoted(name) + " that is " + got + ", not " + wanted);
        described_.insert(name);
        std::vector<T> numbers(
            std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>{}));
        io::copy_values(file_, name, std::span(numbers));
        return numbers;
    }

    template <class T, class D>
    void tensors(const std::string& prefix, const detail::TensorNames& names,
                 const std::vector<core::ParameterInfo>& infos, core::Buffer<T, D>& buffer) {
        std::vector<T> numbers(buffer.size());
        for (const core::ParameterInfo& info : infos) {
            const auto name = names.in_file.find(info.name);
            if (name == names.in_file.end()) refuse(names.difference);
            const std::vector<T> in_file = values<T>(prefix + name->second, detail::file_shape(info));
            detail::for_each_place(
                info, [&](std::size_t i, std::size_t j) { numbers[info.offset + i] = in_file[j]; });
        }
        changes_.push_back([&buffer, numbers = std::move(numbers)] { buffer.from_host(numbers); });
    }

    void check_layout(const std::string& name, const std::vector<core::ParameterInfo>& infos) const {
        const auto layout = file_.metadata.find(detail::with_dot(name) + "layout");
        const bool same = layout != file_.metadata.end()
                              ? layout->second == detail::layout
                              : !file_.metadata.contains(detail::with_dot(name) + "architecture");
        const bool matters = std::ranges::any_of(infos, [](const core::ParameterInfo& info) {
            return info.inputs != core::FlatImage{} || info.outputs != core::FlatImage{};
        });
        if (!same && matters)
            fail("checkpoint", source_ +
                                   " was written by a version of gantry with a different order of flattened "
                                   "images: load it with that version");
    }
    /// A file without an architecture (PyTorch's, for example) is checked by its shapes only.
    void check_architecture(const std::string& name, const std::string& wanted) {
        const auto found = file_.metadata.find(detail::with_dot(name) + "architecture");
        if (found == file_.metadata.end() || found->second == wanted) return;
        std::istringstream wanted_lines(wanted), saved_lines(found->second);
        std::string wanted_line, saved_line;
        do {
            if (!std::getline(wanted_lines, wanted_line)) wanted_line = "no layer";
            if (!std::getline(saved_lines, saved_line)) saved_line = "no layer";
        } while (wanted_line == saved_line && saved_line != "no layer");
        refuse("has a network " + io::quoted(name) + " with layer " + io::quoted(saved_line) +
               " where this one has " + io::quoted(wanted_line));
    }

    Safetensors file_;
    std::string source_;
    std::set<std::string> described_;
    std::vector<std::function<void()>> changes_;  ///< pending until `apply`
    int exceptions_ = std::uncaught_exceptions();
};

}  // namespace gantry
