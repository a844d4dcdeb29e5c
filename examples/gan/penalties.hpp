#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/math.hpp>
#include <gantry/core/random.hpp>
#include <gantry/grad/backward.hpp>
#include <gantry/ops/arithmetic.hpp>
#include <gantry/ops/elementwise.hpp>
#include <gantry/ops/piecewise.hpp>
#include <gantry/ops/sum.hpp>
#include <gantry/tensor/tensor.hpp>
#include <gantry/tensor/variable.hpp>

#include <array>
#include <string_view>
#include <type_traits>
#include <variant>

namespace gantry::gan {

// clang-format off
// A penalty is a struct that is called as
//   penalty(discriminator, real, fake, stream)   a scalar that is added to the discriminator's loss, from the
//                                                network, a batch of real samples and one of generated ones;
//                                                random numbers come from the stream
// Training differentiates the penalty, and so the gradient in it: the discriminator's layers need second
// derivatives, which all of gantry's have.
// clang-format on

/// The squared norm of the gradient of each output with respect to its sample: samples (Batch, ...) ->
/// Shape<Batch>, which can be differentiated again. Outputs must not depend on other samples of the batch, so
/// the discriminator should have no batch norm.
template <class Discriminator, AnyTensor X>
auto squared_gradient_norms(Discriminator& discriminator, const X& samples) {
    const auto x = variable(samples);
    return sum_per_sample(square(grad(sum(discriminator(x)), x, {.create_graph = true})));
}

/// No penalty.
struct NoPenalty {};

/// weight E[(|dD/dx| - 1)^2] at random points on the lines between real samples and generated ones; if
/// one_sided, only norms above 1 count. Errors: batches of different sizes. Sources: Gulrajani et al.,
/// "Improved training of Wasserstein GANs" (2017), eq. 3; section 4 for the one-sided penalty.
struct GradientPenalty {
    double weight = 10;
    bool one_sided = false;

    template <class Discriminator, AnyTensor X>
    auto operator()(Discriminator& discriminator, const X& real, const X& fake, RandomStream& stream) const {
        const int batch = real.batch();
        const auto t = uniform<Shape<Batch>, typename X::scalar>(real.device(), batch, stream, 0, 1);
        // The square root has no derivative at 0, where PyTorch's norm has the derivative 0.
        constexpr double tiny = 1e-30;
        const auto norm =
            sqrt(maximum(squared_gradient_norms(discriminator, fake + (real - fake) * t), tiny));
        return weight * mean(square(one_sided ? relu(norm - 1.0) : norm - 1.0));
    }
};

/// weight / 2 E[|dD/dx|^2] at real samples. Source: Mescheder et al., "Which training methods for GANs do
/// actually converge?" (2018), eq. 9, whose gamma is the weight.
struct R1 {
    double weight = 10;

    template <class Discriminator, AnyTensor X>
    auto operator()(Discriminator& discriminator, const X& real, const X&, RandomStream&) const {
        return 0.5 * weight * mean(squared_gradient_norms(discriminator, real));
    }
};
/// The same at generated samples. Source: Mescheder et al. (2018), eq. 10.
struct R2 {
    double weight = 10;

    template <class Discriminator, AnyTensor X>
    auto operator()(Discriminator& discriminator, const X&, const X& fake, RandomStream&) const {
        return 0.5 * weight * mean(squared_gradient_norms(discriminator, fake));
    }
};
/// R1 and R2 with the same weight. Source: Huang et al., "The GAN is dead; long live the GAN!" (2024),
/// section 2.2.
struct R1AndR2 {
    double weight = 10;

    template <class Discriminator, AnyTensor X>
    auto operator()(Discriminator& discriminator, const X& real, const X& fake, RandomStream& stream) const {
        return R1{weight}(discriminator, real, fake, stream) + R2{weight}(discriminator, real, fake, stream);
    }
};

/// A penalty selected at run time, so that a program compiles one trainer instead of six.
class AnyPenalty {
public:
    static constexpr std::array<std::string_view, 6> names{"none", "gradient", "one-sided-gradient",
                                                           "r1",   "r2",       "r1-and-r2"};

    /// Errors: a name that is not in `names`; a weight that is negative or not finite.
    explicit AnyPenalty(std::string_view name, double weight = 10) {
        if (!(weight >= 0 && math::is_finite(weight)))
            fail("penalty", "the weight must be at least 0", weight);
        if (name == "gradient")
            penalty_ = GradientPenalty{weight};
        else if (name == "one-sided-gradient")
            penalty_ = GradientPenalty{weight, true};
        else if (name == "r1")
            penalty_ = R1{weight};
        else if (name == "r2")
            penalty_ = R2{weight};
        else if (name == "r1-and-r2")
            penalty_ = R1AndR2{weight};
        else if (name != "none")
            fail("penalty", "must be none, gradient, one-sided-gradient, r1, r2 or r1-and-r2", name);
    }
    /// False for "none", which cannot be called.
    bool active() const { return !std::holds_alternative<NoPenalty>(penalty_); }

    template <class Discriminator, AnyTensor X>
    auto operator()(Discriminator& discriminator, const X& real, const X& fake, RandomStream& stream) const {
        using Scalar = decltype(R1{}(discriminator, real, fake, stream));
        return std::visit(
            [&](const auto& penalty) -> Scalar {
                if constexpr (std::is_same_v<std::remove_cvref_t<decltype(penalty)>, NoPenalty>)
                    fail("penalty", "there is none");
                else
                    return penalty(discriminator, real, fake, stream);
            },
            penalty_);
    }

private:
    std::variant<NoPenalty, GradientPenalty, R1, R2, R1AndR2> penalty_;
};

}  // namespace gantry::gan
