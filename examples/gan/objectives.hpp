#pragma once
#include <gantry/core/error.hpp>
#include <gantry/ops/activation.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/ops/sum.hpp>

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace gantry::gan {

// clang-format off
// An objective is a struct with
//   discriminator(real, fake)   the scalar that the discriminator minimises, from its outputs for real and
//                               generated samples, each Shape<Batch, 1>
//   generator(fake)             the scalar that the generator minimises
//   score(outputs)              the D(x) that is reported: the probability of "real" if outputs are logits
// clang-format on
// Where D = sigmoid(output), log D = -softplus(-output) and log(1 - D) = -softplus(output) are finite for
// every output. real_label < 1 smooths the labels of real samples only (Salimans et al. 2016, "Improved
// techniques for training GANs", section 3.4).

/// An objective for outputs X, a Variable: see above.
template <class O, class X>
concept Objective = requires(const O& objective, const X& outputs) {
    requires std::is_same_v<typename decltype(objective.discriminator(outputs, outputs))::shape, Shape<>>;
    requires std::is_same_v<typename decltype(objective.generator(outputs))::shape, Shape<>>;
    requires std::is_same_v<typename decltype(objective.score(outputs))::shape, typename X::shape>;
};

/// Common discriminator loss of Minimax and NonSaturating: D maximises E[log D(x)] + E[log(1 - D(G(z)))].
struct CrossEntropyDiscriminator {
    double real_label = 1;

    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return bce_with_logits(real, real_label) + bce_with_logits(fake, 0.0);
    }
    template <AnyTensor X>
    auto score(const X& outputs) const {
        return sigmoid(outputs);
    }
};

/// The original value function: G minimises what D maximises.
/// Source: Goodfellow et al., "Generative adversarial nets" (2014), eq. 1.
struct Minimax : CrossEntropyDiscriminator {
    /// The gradient vanishes where the discriminator is confident: see NonSaturating.
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return -bce_with_logits(fake, 0.0);
    }
};

/// Same discriminator; G maximises E[log D(G(z))], whose gradient stays strong while D rejects every sample.
/// Source: Goodfellow et al. (2014), section 3.
struct NonSaturating : CrossEntropyDiscriminator {
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return bce_with_logits(fake, 1.0);
    }
};

/// D minimises E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2 and G minimises E[(D(G(z)) - 1)^2] / 2, with D the
/// output itself. Source: Mao et al., "Least squares generative adversarial networks" (2017), eq. 9.
struct LeastSquares {
    double real_label = 1;

    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return 0.5 * (mse(real, real_label) + mse(fake, 0.0));
    }
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return 0.5 * mse(fake, 1.0);
    }
    template <AnyTensor X>
    auto score(const X& outputs) const {
        return outputs;
    }
};

/// D minimises E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))] and G minimises -E[D(G(z))], with D the output
/// itself. Sources: Lim and Ye, "Geometric GAN" (2017), section 3; Miyato et al., "Spectral normalization"
/// (2018), eq. 16 and 17.
struct Hinge {
    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return mean(relu(1.0 - real)) + mean(relu(1.0 + fake));
    }
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return -mean(fake);
    }
    template <AnyTensor X>
    auto score(const X& outputs) const {
        return outputs;
    }
};

/// An objective selected at run time, so that a program compiles one trainer instead of four.
class AnyObjective {
public:
    static constexpr std::array<std::string_view, 4> names{"minimax", "non-saturating", "least-squares",
                                                           "hinge"};

    /// Errors: a name that is not in `names`; real_label outside (0, 1]; a smoothed label for hinge, which
    /// has no labels.
    explicit AnyObjective(std::string_view name, double real_label = 1) {
        if (!(real_label > 0 && real_label <= 1))
            fail("objective", "the label of real samples must be in (0, 1]", real_label);
        if (name == "minimax")
            objective_ = Minimax{{real_label}};
        else if (name == "non-saturating")
            objective_ = NonSaturating{{real_label}};
        else if (name == "least-squares")
            objective_ = LeastSquares{real_label};
        else if (name != "hinge")
            fail("objective", "must be minimax, non-saturating, least-squares or hinge", name);
        else if (real_label != 1)
            fail("objective", "label smoothing does not apply to hinge, which has no labels",
                 "a real label of ", real_label);
    }

    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return std::visit([&](const auto& o) { return o.discriminator(real, fake); }, objective_);
    }
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return std::visit([&](const auto& o) { return o.generator(fake); }, objective_);
    }
    template <AnyTensor X>
    auto score(const X& outputs) const {
        return std::visit([&](const auto& o) { return o.score(outputs); }, objective_);
    }

private:
    std::variant<Hinge, Minimax, NonSaturating, LeastSquares> objective_;
};

}  // namespace gantry::gan
