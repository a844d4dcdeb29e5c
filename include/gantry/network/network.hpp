#pragma once
#include <gantry/core/buffer.hpp>
#include <gantry/core/random.hpp>
#include <gantry/grad/backward.hpp>
#include <gantry/init/declared.hpp>
#include <gantry/init/initialize.hpp>
#include <gantry/layers/sequential.hpp>
#include <gantry/network/network_fit.hpp>
#include <gantry/network/parameter_view.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gantry {

template <class Architecture, class D, class T>
class Network;

namespace detail {
template <class Net>
inline constexpr bool is_network = false;
template <class Architecture, class D, class T>
inline constexpr bool is_network<Network<Architecture, D, T>> = true;
}  // namespace detail

namespace layers {
/// A Network of any architecture, device and scalar, const or not; not its architecture or a view of it.
template <class Net>
concept AnyNetwork = detail::is_network<std::remove_const_t<Net>>;
}  // namespace layers

/// Handle to the gradients of a network's parameters, which `backward` wrote to the network's gradient
/// buffer. Valid until the next `backward` for the same network or the end of the step, whichever is first.
/// An optimizer applies them once.
template <class Net>
struct Gradients {
    Net* network;                 ///< whose parameters' gradients they are
    std::uint64_t pass;           ///< number of the network's backward pass that wrote them
    std::uint32_t step;           ///< step of the device in which they were written
    std::uint64_t number;         ///< counts the network's Gradients, from 1
    core::Lifetime::Watch watch;  ///< watches the network

    /// The gradients that backward pass number `backward_pass` of the network wrote.
    Gradients(Net* of, std::uint64_t backward_pass)
        : network(of),
          pass(backward_pass),
          step(of->device().step()),
          number(of->number_gradients()),
          watch(of->watch()) {}

    /// The gradients in the order of the parameters, on the device. Errors: a later backward pass has
    /// overwritten them; their step has ended; their network was destroyed or moved.
    const typename Net::scalar* data() const {
        if (watch.over()) fail("Gradients", "the network of the gradients was destroyed or moved");
        if (pass != network->backward_passes())
            fail("Gradients", "gradients are valid until the next backward pass for their network");
        if (step != network->device().step())
            fail("Gradients", "gradients are valid until the end of the step that computed them",
                 "gradients of step ", step, " in step ", network->device().step());
        return network->gradients().data();
    }
    /// Compile-time error for passing the gradients to the optimizer of another type of network.
    template <class Other>
    operator Gradients<Other>() const {
        static_assert(std::is_same_v<Net, Other>,
                      "gantry: an optimizer takes the gradients of the network that it was constructed with: "
                      "Adam optimizer{network}; optimizer.step(backward(loss, network))");
        return {nullptr, 0};
    }
};

namespace layers {
/// A network in a given mode. `recorded`: its parameters are on the tape; `training`: batch statistics and
/// dropout. See frozen and evaluation. The network must outlive it.
template <class Net, bool recorded, bool training>
class [[nodiscard]] View {
public:
    /// See frozen and evaluation.
    explicit View(Net& network) : network_(&network), watch_(network.watch()) {}
    /// The forward pass; see Network::forward. Errors: the network was destroyed or moved.
    template <class... X>
    auto operator()(const X&... x) const {
        if (watch_.over()) fail("Network", "the network of this view was destroyed or moved");
        return network_->template forward<recorded, training>(x...);
    }

private:
    Net* network_;
    core::Lifetime::Watch watch_;
};
}  // namespace layers

/// The network in training mode with constant parameters: gradients flow through to its input, and none are
/// computed for its parameters. Batch norm still uses the batch statistics and updates the running ones, as
/// in PyTorch.
template <layers::AnyNetwork Net>
layers::View<Net, false, true> frozen(Net& network) {
    return layers::View<Net, false, true>(network);
}
/// The network in evaluation mode with constant parameters: running statistics, no dropout. The network may
/// be const.
template <layers::AnyNetwork Net>
layers::View<Net, false, false> evaluation(Net& network) {
    return layers::View<Net, false, false>(network);
}

namespace layers {
/// Where a parameter is in a network's buffers, and whether it is a constant.
struct TensorPlace {
    std::size_t offset, size;  ///< in elements
    bool frozen = false;       ///< by Network::freeze
};
/// True for a parameter in `part`, a member or layer such as "blocks.0", or with exactly that name.
inline bool is_in_part(std::string_view parameter, std::string_view part) {
    return parameter.starts_with(part) && (parameter.size() == part.size() || parameter[part.size()] == '.');
}
}  // namespace layers

namespace detail {
// Compiled once for all networks.

inline std::vector<layers::TensorPlace> places(const std::vector<core::ParameterInfo>& parameters) {
    std::vector<layers::TensorPlace> all;
    for (const core::ParameterInfo& info : parameters) all.push_back({info.offset, info.extents.size()});
    return all;
}
/// The parameter or state of that name, and whether it is a parameter. Errors: there is none.
inline std::pair<core::ParameterInfo, bool> find_parameter(std::string_view name,
                                                           const std::vector<core::ParameterInfo>& parameters,
                                                           const std::vector<core::ParameterInfo>& states) {
    std::string names;
    for (const bool learned : {true, false})
        for (const core::ParameterInfo& info : learned ? parameters : states) {
            if (info.name == name) return {info, learned};
            names += (names.empty() ? "" : ", ") + info.name;
        }
    fail("Network", "there is no parameter \"" + std::string(name) + "\"; there are " +
                        (names.empty() ? "none" : names));
}
/// Throws: no parameter is in the part.
[[noreturn]] inline void fail_without_part(std::string_view where, std::string_view part,
                                           const std::vector<core::ParameterInfo>& parameters) {
    std::string names;
    for (const core::ParameterInfo& info : parameters) names += (names.empty() ? "" : ", ") + info.name;
    fail(where, "there is no parameter in the part \"" + std::string(part) + "\"; there are " +
                    (names.empty() ? "none" : names));
}
/// Throws `error` again, with the network's size and its largest parameter.
[[noreturn]] inline void fail_to_allocate(const Error& error,
                                          const std::vector<core::ParameterInfo>& parameters,
                                          std::size_t parameter_count) {
    const auto largest =
        std::max_element(parameters.begin(), parameters.end(),
                         [](const auto& a, const auto& b) { return a.extents.size() < b.extents.size(); });
    if (largest == parameters.end()) throw error;
    std::ostringstream text;
    text.imbue(std::locale::classic());
    text << error.what() << ", for a network of " << parameter_count << " parameters, the largest being "
         << largest->name << ' ' << largest->extents;
    throw Error(text.str());
}
}  // namespace detail

/// An architecture with its parameters, their gradients and its states on a device, each in one contiguous
/// buffer. Calling it runs training mode and records the parameters on the tape; see also frozen and
/// evaluation. ScalarType: float, double or Scalars.
///     Network<Generator, Cpu> generator{device, Seed{42}};
///     auto fake = generator(normal<Shape<Batch, 100>>(device, 64, noise));
/// The device must outlive it. Its memory stays allocated until the current step ends, so recorded passes may
/// outlive the network within the step.
template <class ArchitectureType, class DeviceType = void, class ScalarType = float>
class Network {
    using D = typename diagnosis::NetworkDevice<DeviceType>::type;

public:
    /// The Sequential; a single layer becomes a Sequential of one.
    using Architecture = typename detail::ArchitectureOf<ArchitectureType>::type;

private:
    using ScalarsOf =
        detail::ScalarsOf<Architecture, typename diagnosis::NetworkScalars<D, ScalarType>::type>;
    using AllScalars = typename ScalarsOf::type;
    using T = typename AllScalars::Storage;

public:
    using scalar = T;       ///< of tensors and parameters: float or double
    using device_type = D;  ///< type of the device
    /// Number of learned values.
    static constexpr std::size_t parameter_count = Architecture::parameter_count;

    /// Allocates and initialises as PyTorch does, and as network structs declare: see initialize_as_pytorch
    /// and initialize_as_declared. Errors: out of memory.
    Network(D& device, Seed seed)
        : parameters_(one_number_each(device)),
          gradients_(one_number_each(device)),
          states_(device, Architecture::state_count),
          dropout_(seed, "dropout") {
        RandomStream stream(seed, "initialisation");
        initialize_as_pytorch(*this, stream);
        initialize_as_declared(*this, stream);
    }
    /// Moves the parameters, which keep their addresses. Handles to the other network end: its views,
    /// parameter views, gradients and optimizers, and the passes that this step has recorded through it. A
    /// network that was moved from may only be destroyed or assigned to.
    Network(Network&& other) noexcept
        : parameters_(std::move(other.parameters_)),
          gradients_(std::move(other.gradients_)),
          states_(std::move(other.states_)),
          dropout_(other.dropout_),
          places_(std::move(other.places_)),
          leaves_(std::move(other.leaves_)) {
        other.lifetime_.restart();
    }
    /// As the move constructor; handles to this network end too.
    Network& operator=(Network&& other) noexcept {
        lifetime_.restart();
        other.lifetime_.restart();
        parameters_ = std::move(other.parameters_);
        gradients_ = std::move(other.gradients_);
        states_ = std::move(other.states_);
        dropout_ = other.dropout_;
        places_ = std::move(other.places_);
        leaves_ = std::move(other.leaves_);
        leaves_step_ = 0;
        backward_passes_ = gradients_made_ = applied_gradients_ = 0;
        return *this;
    }

    /// The forward pass in training mode, parameters on the tape; see forward.
    template <class... X>
    auto operator()(const X&... x) {
        return forward<true, true>(x...);
    }

    /// The forward pass: the architecture's input shape -> its output shape. Errors: a tensor on another
    /// device object, or of an earlier step.
    template <bool recorded, bool training, class... X>
    auto forward(const X&... x) {
        return run<recorded, training>(*this, [&] { return cursor<recorded>(); }, x...);
    }
    /// The same for a const network, which can only be evaluated: training updates its running statistics.
    template <bool recorded, bool training, class... X>
    auto forward(const X&... x) const {
        static_assert(!recorded && !training,
                      "gantry: a const network can only be evaluated: evaluation(network)(x)");
        // Evaluation reads the parameters and states.
        auto& self = const_cast<Network&>(*this);
        return run<recorded, training>(self, [&] { return self.template cursor<recorded>(); }, x...);
    }
    /// The forward pass in training mode with the parameters at `place`; see with_parameters.
    template <class... X>
    auto forward_at(const layers::ParameterCursor<T, D, true>& place, const X&... x) {
        return run<true, true>(*this, [&] { return place; }, x...);
    }
    /// Where the parameters and states are, for a forward pass. `recorded`: the parameters are on the tape.
    template <bool recorded>
    layers::ParameterCursor<T, D, recorded> cursor() {
        if constexpr (recorded) record_leaves();
        return {parameters_.data(), states_.data(), &device(), recorded ? leaves_.data() : nullptr,
                parameters_.watch()};
    }

    /// The device. Errors: the network was moved from; the device was destroyed.
    D& device() const { return parameters_.device(); }
    /// Lets handles detect that the network was destroyed or moved.
    core::Lifetime::Watch watch() const { return lifetime_.watch(); }
    /// All parameters, in the order of Architecture::parameters().
    core::Buffer<T, D>& parameters() { return parameters_; }
    /// The same for a const network.
    const core::Buffer<T, D>& parameters() const { return parameters_; }
    /// One parameter or running statistic, by the name that PyTorch gives it: "3.weight", "1.running_mean".
    /// Errors: there is none of that name.
    ///     network.parameter("0.bias").from_host(std::vector<float>(64, 0.1f));
    layers::ParameterView<T, D> parameter(std::string_view name) {
        const auto [info, learned] = find_parameter(name);
        return {learned ? parameters_ : states_, info, watch()};
    }
    /// The same for a const network: a view that cannot be written to.
    layers::ParameterView<const T, D> parameter(std::string_view name) const {
        const auto [info, learned] = find_parameter(name);
        return {learned ? parameters_ : states_, info, watch()};
    }
    /// Makes the parameters of a part constants, "features" or "blocks.0": no gradients are computed for
    /// them, and optimizers leave them as they are. As in FreezeD (Mo, Cho and Shin 2020), which freezes the
    /// first layers of a discriminator. Errors: there is no such part; the current step has already called
    /// the network.
    void freeze(std::string_view part) { set_frozen(part, true); }
    /// Undoes freeze.
    void unfreeze(std::string_view part) { set_frozen(part, false); }
    /// Where the parameters are, in the order of Architecture::parameters().
    const std::vector<layers::TensorPlace>& places() const { return places_; }
    /// Call this after writing to the memory of parameters() directly; see Buffer::overwritten.
    void parameters_overwritten() { parameters_.overwritten(); }
    /// Gradients in the order of the parameters; valid as long as the Gradients that `backward` returned.
    core::Buffer<T, D>& gradients() { return gradients_; }
    /// All states (running statistics), in the order of Architecture::states().
    core::Buffer<T, D>& states() { return states_; }
    /// The same for a const network.
    const core::Buffer<T, D>& states() const { return states_; }
    /// Random numbers for dropout. Checkpoints save its position.
    RandomStream& dropout_stream() { return dropout_; }
    /// Number of backward passes so far.
    std::uint64_t backward_passes() const { return backward_passes_; }
    /// Number for the next Gradients, from 1.
    std::uint64_t number_gradients() { return ++gradients_made_; }
    /// Number of the last Gradients that an optimizer applied.
    std::uint64_t& applied_gradients() { return applied_gradients_; }

    /// True if the gradients of a backward pass wait to be applied.
    bool has_gradients() const { return gradients_made_ > applied_gradients_; }
    /// Before a backward pass that overwrites the gradients, even if it throws; called by `backward`.
    void begin_backward() {
        static_cast<void>(device());  // which checks that it exists
        ++backward_passes_;
    }
    /// After it: zeroes the gradients of parameters that the loss does not depend on. Errors: it depends on
    /// none.
    Gradients<Network> end_backward() {
        D& device = this->device();
        bool depends = false;
        device.tape().for_each([&, id = watch()](const core::Node& node) {
            if (node.owner != id) return;
            depends = depends || node.written;
            if (!node.written)
                launch(device, contracts::FillParameters<T>{node.bytes / sizeof(T),
                                                            static_cast<T*>(node.destination), T(0)});
        });
        if (!depends)
            fail("backward",
                 "the loss must depend on each of the networks; was one frozen, or its output detached?");
        return {this, backward_passes_};
    }

private:
    template <bool recorded, bool training, class MakeCursor, class... X>
    static auto run(Network& self, const MakeCursor& make_cursor, const X&... x) {
        [[maybe_unused]] constexpr bool scalars_diagnosed = ScalarsOf::Check::diagnose();
        using Check = typename detail::InputCheck<Architecture, T, D, X...>::type;
        [[maybe_unused]] constexpr bool diagnosed = Check::diagnose();
        using Call = detail::NetworkCall<Architecture, Check::fits, X...>;
        if constexpr (!Call::fits) {
            // The error has been reported. The result has the type that a matching network returns, so that
            // no further errors follow.
            return detail::NetworkResult<typename Call::Output, T, D, recorded, X...>{TensorRef<T, D>{}};
        } else {
            const auto check_alive = []<class Input>(const Input& input) {
                if constexpr (AnyTensor<Input>) input.value().check_alive();
            };
            (check_alive(x), ...);
            D& device = self.device();
            const auto check_device = [&]<class Input>(const Input& input) {
                if constexpr (AnyTensor<Input>)
                    if (input.value().device != &device)
                        fail("Network", "network and tensor must be on the same device object");
            };
            (check_device(x), ...);
            const auto turn = device.turn();
            return Architecture::forward(layers::Pass<training, typename AllScalars::Sum>{&self.dropout_},
                                         make_cursor(), x...);
        }
    }

    /// A buffer with an element for each parameter.
    static core::Buffer<T, D> one_number_each(D& device) {
        try {
            return core::Buffer<T, D>(device, parameter_count);
        } catch (const Error& error) {
            detail::fail_to_allocate(error, Architecture::parameters(), parameter_count);
        }
    }
    static std::pair<core::ParameterInfo, bool> find_parameter(std::string_view name) {
        return detail::find_parameter(name, Architecture::parameters(), Architecture::states());
    }
    void set_frozen(std::string_view part, bool frozen) {
        D& device = this->device();
        if (device.tape().is_open() && leaves_step_ == device.step())
            fail("Network", "freeze and unfreeze come before the first call of the network in a Step");
        const auto infos = Architecture::parameters();
        bool found = false;
        for (std::size_t i = 0; i < infos.size(); ++i) {
            if (!layers::is_in_part(infos[i].name, part)) continue;
            found = true;
            places_[i].frozen = frozen;
            // Nothing writes to the gradients of constants.
            launch(device, contracts::FillParameters<T>{places_[i].size,
                                                        gradients_.data() + places_[i].offset, T(0)});
        }
        if (!found) detail::fail_without_part("Network", part, infos);
    }
    /// Records the parameters as leaves on the tape, once per step: all passes of a step share them.
    void record_leaves() {
        D& device = this->device();
        if (leaves_step_ == device.step()) return;
        std::size_t i = 0;
        for (const layers::TensorPlace& place : places_) {
            if (place.frozen) {
                leaves_[i++] = nullptr;
                continue;
            }
            core::Node* leaf = device.tape().template push<core::Node>();
            leaf->owner = watch();
            leaf->destination = gradients_.data() + place.offset;
            leaf->bytes = place.size * sizeof(T);
            leaves_[i++] = leaf;
        }
        leaves_step_ = device.step();
    }

    core::Lifetime lifetime_;
    core::Buffer<T, D> parameters_, gradients_, states_;
    RandomStream dropout_;
    std::vector<layers::TensorPlace> places_ = detail::places(Architecture::parameters());
    std::vector<core::Node*> leaves_ = std::vector<core::Node*>(places_.size());
    std::uint32_t leaves_step_ = 0;
    std::uint64_t backward_passes_ = 0;
    std::uint64_t gradients_made_ = 0, applied_gradients_ = 0;
};

/// Copies parameters and running statistics from one network to another of the same architecture, on any
/// device: for moving averages and target networks. `to` is as if its parameters had been written by the
/// user: passes of this step that have read them can no longer be played back.
template <class Architecture, class D, class E, class T>
void copy_parameters(const Network<Architecture, D, T>& from, Network<Architecture, E, T>& to) {
    const auto copy = [](const auto& source, auto& target) {
        if (source.size() == 0) return;
        if constexpr (std::is_same_v<D, E>) {
            if (&source.device() == &target.device()) {
                const auto turn = target.device().turn();
                using Scalar = typename Network<Architecture, D, T>::scalar;
                launch(target.device(),
                       contracts::CopyBlockParameters<Scalar>{1, source.size(), source.data(), source.size(),
                                                              target.data(), source.size()});
                target.overwritten();
                return;
            }
        }
        target.from_host(source.to_host());
    };
    copy(from.parameters(), to.parameters());
    copy(from.states(), to.states());
}

namespace detail {
/// Placeholder for gradients after a compile-time error.
struct NoGradients {
    template <class Net>
    operator Gradients<Net>() const {
        return {nullptr, 0};
    }
};
}  // namespace detail

namespace detail {
template <AnyTensor Loss, class... Net>
std::tuple<Gradients<Net>...> backward_to(const Loss& loss, bool accumulate, Net&... networks) {
    (networks.begin_backward(), ...);
    const std::array<core::Lifetime::Watch, sizeof...(Net)> owners{networks.watch()...};
    ops::play_back(loss.value(), {.recorded = false, .write_through = true, .accumulate = accumulate},
                   [&](const core::Node& node) {
                       return std::find(owners.begin(), owners.end(), node.owner) != owners.end();
                   });
    return {networks.end_backward()...};
}
}  // namespace detail

/// Backpropagates from a scalar loss, Shape<>, to the parameters of one network and overwrites its gradients;
/// gradients of other networks are not computed. Errors: a loss that does not depend on the network's
/// parameters (was something detached or frozen?).
///     optimizer.step(backward(loss, network));
template <AnyTensor Loss, class Architecture, class D, class T>
auto backward(const Loss& loss, Network<Architecture, D, T>& network) {
    [[maybe_unused]] constexpr bool diagnosed = ops::BackwardCheck<Loss>::diagnose();
    if constexpr (ops::can_backpropagate<Loss>)
        return std::get<0>(detail::backward_to(loss, false, network));
    else
        return detail::NoGradients{};
}
/// Adds the gradients of another loss to those of the last backward pass, also of an earlier step: for
/// batches that do not fit into memory at once, part by part. Errors: there are no gradients, or an optimizer
/// has applied them; see backward.
///     for (int part = 0; part < 4; ++part) {
///         const Step step{device};
///         const auto loss = 0.25 * loss_of(part);
///         const auto gradients = part == 0 ? backward(loss, network) : accumulate(loss, network);
///         if (part == 3) optimizer.step(gradients);
///     }
template <AnyTensor Loss, class Architecture, class D, class T>
auto accumulate(const Loss& loss, Network<Architecture, D, T>& network) {
    [[maybe_unused]] constexpr bool diagnosed = ops::BackwardCheck<Loss>::diagnose();
    if constexpr (ops::can_backpropagate<Loss>) {
        if (!network.has_gradients())
            fail("accumulate", "there are no gradients to add to: call backward for the first part");
        return std::get<0>(detail::backward_to(loss, true, network));
    } else {
        return detail::NoGradients{};
    }
}
/// As backward, for several networks in one pass. Returns a tuple of their gradients. Errors: a network that
/// the loss does not depend on, or that is given twice.
///     const auto [encoder_gradients, decoder_gradients] = backward(loss, encoder, decoder);
template <AnyTensor Loss, layers::AnyNetwork First, layers::AnyNetwork... More>
    requires(sizeof...(More) > 0)
auto backward(const Loss& loss, First& first, More&... more) {
    [[maybe_unused]] constexpr bool diagnosed = ops::BackwardCheck<Loss>::diagnose();
    if constexpr (ops::can_backpropagate<Loss>) {
        std::vector<const void*> given{&first, &more...};
        std::sort(given.begin(), given.end());
        if (std::adjacent_find(given.begin(), given.end()) != given.end())
            fail("backward", "each network can be given once");
        return detail::backward_to(loss, false, first, more...);
    } else {
        return std::tuple<Gradients<First>, Gradients<More>...>{
            detail::NoGradients{}, (static_cast<void>(sizeof(More)), detail::NoGradients{})...};
    }
}

/// Compile-time error: `backward` requires the network.
template <AnyTensor Loss>
detail::NoGradients backward(const Loss&) {
    static_assert(
        !AnyTensor<Loss>,
        "gantry: backward also takes the network whose gradients it computes: backward(loss, network)");
    return {};
}

}  // namespace gantry
