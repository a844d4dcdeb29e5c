#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/members.hpp>
#include <gantry/core/random.hpp>
#include <gantry/layers/fit.hpp>
#include <gantry/layers/layer.hpp>
#include <gantry/layers/parameter_cursor.hpp>
#include <gantry/meta/meta.hpp>
#include <gantry/ops/integers.hpp>
#include <gantry/tensor/variable.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// Layers as members of a network struct, which its call operator calls. A forward pass makes the struct on
// the stack and tells each part where its parameters are; see module.hpp.

namespace gantry {

namespace diagnosis {
/// Names the member of a network struct whose layer does not fit its input; instantiating Mismatch reports
/// the error. Members of the same type cannot be told apart, so all of them are named; outside of a network
/// there is none.
template <core::Name member, class Mismatch>
struct InMember {
    static_assert(sizeof(Mismatch) > 0);  // instantiates it, which reports the error
};
/// A member of a network struct was called with integers where it takes floating-point numbers, or the other
/// way round.
template <core::Name member, class Layer, class Given>
struct MemberTakesIntegers {
    static_assert(layers::takes_integers<Layer> == IntegerTensor<Given>,
                  "gantry: an Embedding takes a tensor of integers, and other layers one of floating-point "
                  "numbers (see MemberTakesIntegers<member, layer, given>)");
};
}  // namespace diagnosis

namespace detail {
/// A tensor of integers in the forward pass of a struct: it carries the scalar of the network, for layers
/// that have no other input.
template <class S, class T, class D>
struct IntegersOfPass : Tensor<S, std::int32_t, D> {
    using network_scalar = T;
};
/// The scalar of the network that a tensor is given to.
template <class X>
struct NetworkScalarOf {
    using type = std::conditional_t<IntegerTensor<X>, float, typename X::scalar>;
};
template <class X>
    requires requires { typename X::network_scalar; }
struct NetworkScalarOf<X> {
    using type = typename X::network_scalar;
};

/// A device that computes nothing, for the forward pass of struct B. Its type knows B, so that errors can
/// name B's members.
template <class B>
class MetaOf : public core::ForwardMeta {};
template <class D>
inline constexpr bool is_meta = std::is_base_of_v<core::ForwardMeta, D>;

/// Sums over the parts of a struct, or over those before one.
struct PartTotals {
    std::size_t parts = 0, leaves = 0, tensors = 0, numbers = 0, states = 0;

    constexpr PartTotals operator+(const PartTotals& o) const {
        return {parts + o.parts, leaves + o.leaves, tensors + o.tensors, numbers + o.numbers,
                states + o.states};
    }
};

/// What the parts share in a forward pass. Scalar and device are erased: a part's type does not depend on
/// them.
struct AnyPartPass {
    const void* type;
};
template <class T, class D>
inline constexpr char pass_type = 0;
template <class T, class D>
struct PartPass : AnyPartPass {
    layers::ParameterCursor<T, D, true> cursor;
    RandomStream* dropout;
    std::uint64_t dropout_start;  ///< position before the pass
    bool training;
    std::size_t first_leaf = 0;  ///< number of the struct's first leaf layer, on a device that counts

    PartPass(const layers::ParameterCursor<T, D, true>& at, RandomStream* stream, bool trains)
        : AnyPartPass{&pass_type<T, D>},
          cursor(at),
          dropout(stream),
          dropout_start(stream->position),
          training(trains) {
        if constexpr (is_meta<D>) first_leaf = at.device->leaf;
    }
};

/// The state of a part, set before each forward pass.
struct PartPlace {
    const AnyPartPass* pass_ = nullptr;
    PartTotals before_;                ///< of the parts before it
    mutable std::uint64_t drawn_ = 0;  ///< random blocks drawn in this pass

    template <class T, class D>
    const PartPass<T, D>& pass_of(std::string (*layer_name)()) const {
        if (!pass_)
            fail("Network",
                 "a layer that is a member of a struct can only be called in the forward pass of a "
                 "Network of that struct: Network<Struct, Cpu> network{device, seed}; network(x)",
                 "a call of ", layer_name(), " outside of it");
        if (pass_->type != &pass_type<T, D>)
            fail("Network", "a layer's input must have the scalar type and device type of its network");
        return static_cast<const PartPass<T, D>&>(*pass_);
    }
};
template <class M>
inline constexpr bool is_part = std::is_base_of_v<PartPlace, M>;
template <class M>
inline constexpr bool is_std_array = false;
template <class M, std::size_t n>
inline constexpr bool is_std_array<std::array<M, n>> = true;
/// A struct whose members are visited.
template <class M>
inline constexpr bool is_struct =
    std::is_class_v<M> && std::is_aggregate_v<M> && !is_part<M> && !is_std_array<M> && !AnyLayer<M>;

// The names of the members of struct B whose type is Part.
template <std::size_t capacity>
struct Text {
    char text[capacity]{};
    std::size_t size = 0;

    constexpr void append(std::string_view more) {
        for (const char c : more)
            if (size + 1 < capacity) text[size++] = c;
    }
};
template <class M, class Part, std::size_t capacity>
constexpr void append_names(Text<capacity>& names, std::string_view name) {
    if constexpr (std::is_same_v<M, Part>) {
        if (names.size > 0) names.append(", ");
        names.append(name);
    } else if constexpr (is_std_array<M>) {
        Text<capacity> element;
        element.append(name);
        element.append("[]");
        append_names<typename M::value_type, Part>(names, {element.text, element.size});
    } else if constexpr (is_struct<M>) {
        core::with_members(core::specimen<M>, [&]<class... E>(const E&...) {
            [&]<std::size_t... i>(std::index_sequence<i...>) {
                const auto append = [&]<class Member>(std::type_identity<Member>, std::string_view own) {
                    Text<capacity> full;
                    full.append(name);
                    if (!name.empty()) full.append(".");
                    full.append(own);
                    append_names<Member, Part>(names, {full.text, full.size});
                };
                (append(std::type_identity<E>{}, core::member_name<M, i>()), ...);
            }(std::index_sequence_for<E...>{});
        });
    }
}
template <class B, class Part>
constexpr auto member_names() {
    constexpr auto names = [] {
        Text<256> all;
        append_names<B, Part>(all, "");
        return all;
    }();
    char exact[names.size + 1]{};
    for (std::size_t i = 0; i < names.size; ++i) exact[i] = names.text[i];
    return core::Name<names.size + 1>(exact);
}

}  // namespace detail

namespace layers {
/// True if there is a network struct in layer L.
template <class L>
inline constexpr bool contains_struct = false;
template <class L>
    requires requires { L::contains_struct; }
inline constexpr bool contains_struct<L> = L::contains_struct;
}  // namespace layers

namespace detail {
/// The struct that layer L is, or L.
template <class L>
struct StructIn {
    using type = L;
};
template <class L>
    requires requires { typename L::Body; }
struct StructIn<L> {
    using type = typename L::Body;
};
template <class L>
using struct_in = typename StructIn<L>::type;
/// The number of leaf layers in L, those that are no containers.
template <class L>
inline constexpr std::size_t leaves_of = 1;
template <class L>
    requires requires { typename L::NestedTag; }
inline constexpr std::size_t leaves_of<L> = L::leaves;
/// Calls f(Type<layer>) for every leaf layer in L.
template <class L, class F>
constexpr void each_leaf(const F& f) {
    if constexpr (requires { typename L::NestedTag; })
        L::each_leaf(f);
    else
        f(Type<L>{});
}
template <class Layer>
inline constexpr core::FeatureTracker::Layer tracked_as =
    layers::feature_order_of<Layer> == layers::FeatureOrder::kept ? core::FeatureTracker::Layer::keeps_order
    : layers::feature_order_of<Layer> == layers::FeatureOrder::free
        ? core::FeatureTracker::Layer::connects_all
        : core::FeatureTracker::Layer::other;

/// The struct whose forward pass runs on device D; void if D computes.
template <class D>
struct StructOf {
    using type = void;
};
template <class B>
struct StructOf<MetaOf<B>> {
    using type = B;
};

/// Tells a device that follows features that leaf layer L made y of x.
template <class L, class X, class Y>
void track(const X& x, const Y& y) {
    core::FeatureTracker& features = x.device().features;
    const std::size_t leaf = x.device().leaf;
    constexpr bool of_features = layers::feature_order_of<L> != layers::FeatureOrder::view &&
                                 (X::shape::rank == 2 || Y::shape::rank == 2);
    if constexpr (!Y::shape::batched)
        features.learned(leaf, y.value());
    else if constexpr (L::Parameters::size + L::State::size > 0 && of_features)
        features.called(leaf, tracked_as<L>, x.value().data, y.value().data);
    else if constexpr (X::shape::rank == 2 && layers::feature_order_of<L> == layers::FeatureOrder::unknown)
        features.called(leaf, core::FeatureTracker::Layer::other, x.value().data, y.value().data);
}
/// The tensor of a result, which is one or has a member `result`.
template <class Y>
const auto& tensor_of(const Y& y) {
    if constexpr (AnyTensor<Y>)
        return y;
    else
        return y.result;
}
/// Computes y = run() of x as leaf layer L. A device that counts takes down the call.
template <class L, class X, class Run>
auto as_leaf(const X& x, const Run& run) {
    if constexpr (is_meta<typename X::device_type>) {
        auto& device = x.device();
        const std::size_t flops = device.flops, bytes = device.bytes;
        const auto y = run();
        track<L>(x, tensor_of(y));
        device.calls.push_back(
            {device.leaf++, tensor_of(y).value().extents, device.flops - flops, device.bytes - bytes});
        return y;
    } else {
        return run();
    }
}
/// Calls layer L with its parameters and states at the cursor; containers take the cursor itself.
template <class L, class P, class Cursor, class... X>
auto call_layer(const P& pass, const Cursor& cursor, const X&... x) {
    if constexpr (requires { typename L::NestedTag; })
        return L::forward(pass, cursor, x...);
    else
        return as_leaf<L>(x..., [&] {
            return [&]<std::size_t... i, std::size_t... j>(std::index_sequence<i...>,
                                                           std::index_sequence<j...>) {
                return L::forward(pass, x..., cursor.template parameter<i, typename L::Parameters>()...,
                                  cursor.template state<j, typename L::State>()...);
            }(std::make_index_sequence<L::Parameters::count>{}, std::make_index_sequence<L::State::count>{});
        });
}

/// The shape of the result of layer L for an input of shape X: L::Output<X>, X if it keeps the shape, or else
/// the shape that the forward pass returns on a device that computes nothing.
template <class L, class X>
struct LayerOutput {
    using D = MetaOf<void>;
    using In = Tensor<X, std::conditional_t<layers::takes_integers<L>, std::int32_t, float>, D>;
    using type = typename decltype(call_layer<L>(
        std::declval<const layers::Pass<true, float>&>(),
        std::declval<const layers::ParameterCursor<float, D, false>&>(), std::declval<const In&>()))::shape;
};
template <class L, class X>
concept StatesOutput = requires { typename L::template Output<X>; };
template <class L>
    requires(!StatesOutput<L, core::AnyShape>)
struct LayerOutput<L, core::AnyShape> {
    using type = core::AnyShape;
};
template <class L, class X>
    requires StatesOutput<L, X>
struct LayerOutput<L, X> {
    using type = typename L::template Output<X>;
};
template <layers::KeepsShape L, class X>
    requires(!StatesOutput<L, X> && !std::is_same_v<X, core::AnyShape>)
struct LayerOutput<L, X> {
    using type = X;
};
}  // namespace detail

namespace layers {
/// The shape of the result of layer L for an input of shape X; AnyShape if it is unknown.
template <class L, class X>
using output_of = typename detail::LayerOutput<L, X>::type;
}  // namespace layers

namespace detail {
/// True if the inner layers of L, if any, fit together for inputs of shapes X...
template <class L, class... X>
inline constexpr bool inner_layers_fit = true;
template <class L, class... X>
    requires requires { typename L::NestedTag; }
inline constexpr bool inner_layers_fit<L, X...> = L::template fits<X...>;

}  // namespace detail

namespace layers {
/// Base of layers that can be members of a network struct: `struct Scale : layers::Part<Scale> { ... };`
/// gives layer Scale a call operator, which runs its `forward` with its parameters.
template <class Layer>
struct Part : detail::PartPlace {  // NOLINT: a constructor would keep layers from being aggregates
    using PartLayer = Layer;       ///< the layer itself

    /// The forward pass, in the mode of the network that is called. Errors: a tensor that does not fit
    /// (compile time); not called by the forward pass of a network.
    template <AnyTensor X>
    auto operator()(const X& x) const {
        using T = typename detail::NetworkScalarOf<X>::type;
        using D = typename X::device_type;
        using S = typename X::shape;
        using Unknown = Variable<core::AnyShape, T, D>;
        if constexpr (std::is_same_v<S, core::AnyShape>) {
            return Unknown{TensorRef<T, D>{}};  // an error has been reported
        } else if constexpr (layers::takes_integers<Layer> != IntegerTensor<X>) {
            static_cast<void>(
                sizeof(diagnosis::MemberTakesIntegers<
                       detail::member_names<typename detail::StructOf<D>::type, Layer>(), Layer, X>));
            return Unknown{TensorRef<T, D>{}};
        } else if constexpr (!decltype(detail::layer_check<-1, Layer, S>())::fits) {
            using Check = decltype(detail::layer_check<-1, Layer, S>());
            static_cast<void>(
                sizeof(diagnosis::InMember<detail::member_names<typename detail::StructOf<D>::type, Layer>(),
                                           typename Check::diagnosis>));
            return Unknown{TensorRef<T, D>{}};
        } else if constexpr (!detail::inner_layers_fit<Layer, S>) {
            return Unknown{TensorRef<T, D>{}};  // reported by the container
        } else {
            return computed(x);
        }
    }

private:
    template <class X>
    auto computed(const X& x) const {
        const auto& pass =
            pass_of<typename detail::NetworkScalarOf<X>::type, typename X::device_type>(Layer::name);
        if constexpr (detail::is_meta<typename X::device_type>)
            x.device().leaf = pass.first_leaf + before_.leaves;
        const auto cursor = pass.cursor.after(before_.tensors, before_.numbers, before_.states);
        if (!pass.training) return run<false>(cursor, *pass.dropout, x);
        // C++ does not say which operand of a + is computed first. With a stream for each part, that does not
        // change the numbers.
        RandomStream stream = *pass.dropout;
        stream.name = stream.name * 16777619u ^ static_cast<std::uint32_t>(before_.parts + 1);
        stream.position = pass.dropout_start + drawn_;
        const auto y = run<true>(cursor, stream, x);
        const std::uint64_t now = stream.position - pass.dropout_start;
        pass.dropout->position += now - drawn_;
        drawn_ = now;
        return y;
    }
    template <bool training, class Cursor, class X>
    static auto run(const Cursor& cursor, RandomStream& stream, const X& x) {
        using T = typename detail::NetworkScalarOf<X>::type;
        return detail::call_layer<Layer>(Pass<training, T>{&stream}, cursor, x);
    }
};
}  // namespace layers

/// A layer and an activation that it applies in its own kernel where it can, as a member of a network struct.
/// Its parameters have the layer's names:
///     Fused<Conv2d<3, 64, same>, ReLU> conv1;      // "conv1.weight", "conv1.bias"
template <class Layer, layers::ActivationLayer Activation>
struct Fused : layers::Part<Fused<Layer, Activation>> {
    using Parameters = typename Layer::Parameters;
    using State = typename Layer::State;
    using Input = typename Layer::Input;
    static constexpr int features = Layer::features;
    using Valid = detail::options_check<Layer>;
    template <int index, class X>
    using Fit = decltype(detail::layer_check<index, Layer, X>());
    static constexpr layers::FeatureOrder feature_order = layers::feature_order_of<Layer>;
    static constexpr int output_axis = layers::output_axis_of<Layer>;

    static std::string name() { return Layer::name() + ", " + Activation::name(); }

    template <class P, AnyTensor X, class... Parameter>
    static auto forward(const P& pass, const X& x, const Parameter&... parameters) {
        if constexpr (layers::FusesActivation<Layer>)
            return Layer::forward(pass.template with<Activation::activation>(), x, parameters...);
        else
            return Activation::forward(pass, Layer::forward(pass, x, parameters...));
    }
};

}  // namespace gantry
