#pragma once
#include <gantry/layers/layer.hpp>
#include <gantry/layers/part.hpp>

#include <string>

namespace gantry {

/// A learned tensor of shape S without Batch, as a member of a network struct: nn.Parameter of PyTorch, such
/// as StyleGAN's constant input or the factor of a skip. A call returns it; the argument, any tensor of the
/// forward pass, only says where: `LearnedTensor<Shape<1>> gamma; ... gamma(x) * attended + x`. Its parameter
/// has the name of the member, "gamma". `role` chooses the initial values: 0 for Role::shift, 1 for
/// Role::scale, normal with deviation 1 for Role::embedding. Tensors of rank 2 and more are in files as they
/// are in memory.
template <class S, Role role = Role::shift>
struct LearnedTensor : layers::PlainLayer, layers::Part<LearnedTensor<S, role>> {
    static_assert(!S::batched, "gantry: a LearnedTensor has no Batch: it is the same for all samples");
    using Parameters = core::ParameterList<core::Parameter<"", S, role, 0, 0, core::FileOrder::as_in_memory>>;
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::own;

    static std::string name() { return "LearnedTensor"; }

    template <class P, AnyTensor X, AnyTensor W>
    static auto forward(const P&, const X&, const W& value) {
        return value;
    }
};

}  // namespace gantry
