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
//   generator(fake)             the scalar that the generator minimises; or, if it compares both outputs,
//   generator(real, fake)
//   score(outputs)              the D(x) that is reported: the probability of "real" if outputs are logits
// clang-format on
// Where D = sigmoid(output), log D = -softplus(-output) and log(1 - D) = -softplus(output) are finite for
// every output. real_label < 1 smooths the labels of real samples only (Salimans et al. 2016, "Improved
// techniques for training GANs", section 3.4).

/// The generator's loss of an objective that does not compare outputs.
template <class O, class X>
concept GeneratorObjective = requires(const O& objective, const X& outputs) {
    requires std::is_same_v<typename decltype(objective.generator(outputs))::shape, Shape<>>;
};
/// The generator's loss of an objective that compares outputs for real and generated samples.
template <class O, class X>
concept ComparingObjective = requires(const O& objective, const X& outputs) {
    requires std::is_same_v<typename decltype(objective.generator(outputs, outputs))::shape, Shape<>>;
};
/// An objective for outputs X, a Variable: see above.
template <class O, class X>
concept Objective = requires(const O& objective, const X& outputs) {
    requires GeneratorObjective<O, X> || ComparingObjective<O, X>;
    requires std::is_same_v<typename decltype(objective.discriminator(outputs, outputs))::shape, Shape<>>;
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

/// Common base of objectives whose D(x) is the output itself.
struct OutputIsScore {
    template <AnyTensor X>
    auto score(const X& outputs) const {
        return outputs;
    }
};

/// D minimises E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2 and G minimises E[(D(G(z)) - 1)^2] / 2, with D the
/// output itself. Source: Mao et al., "Least squares generative adversarial networks" (2017), eq. 9.
struct LeastSquares : OutputIsScore {
    double real_label = 1;

    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return 0.5 * (mse(real, real_label) + mse(fake, 0.0));
    }
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return 0.5 * mse(fake, 1.0);
    }
};

/// D minimises E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))] and G minimises -E[D(G(z))], with D the output
/// itself. Sources: Lim and Ye, "Geometric GAN" (2017), section 3; Miyato et al., "Spectral normalization"
/// (2018), eq. 16 and 17.
struct Hinge : OutputIsScore {
    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return mean(relu(1.0 - real)) + mean(relu(1.0 + fake));
    }
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return -mean(fake);
    }
};

/// D minimises E[D(G(z))] - E[D(x)] and G minimises -E[D(G(z))], with D the output itself, which must be
/// Lipschitz: add a GradientPenalty. Source: Arjovsky et al., "Wasserstein generative adversarial networks"
/// (2017), eq. 2.
struct Wasserstein : OutputIsScore {
    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return mean(fake) - mean(real);
    }
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return -mean(fake);
    }
};

/// Pairs each real sample with a generated one: D minimises E[softplus(D(G(z)) - D(x))] and G the same with
/// both exchanged, with D the output itself. Add R1AndR2, without which it need not converge. Errors: batches
/// of different sizes. Sources: Jolicoeur-Martineau, "The relativistic discriminator" (2018), section 4.2;
/// Huang et al., "The GAN is dead; long live the GAN!" (2024), eq. 2.
struct RelativisticPairing : OutputIsScore {
    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return mean(softplus(fake - real));
    }
    template <AnyTensor Real, AnyTensor Fake>
    auto generator(const Real& real, const Fake& fake) const {
        return mean(softplus(real - fake));
    }
};

/// Compares each output with the mean output of the other kind: D minimises
/// E[softplus(-(D(x) - E[D(G(z))]))] + E[softplus(D(G(z)) - E[D(x)])] and G the same with both exchanged.
/// Source: Jolicoeur-Martineau, "The relativistic discriminator" (2018), section 4.3.
struct RelativisticAverage : OutputIsScore {
    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return bce_with_logits(real - mean(fake), 1.0) + bce_with_logits(fake - mean(real), 0.0);
    }
    template <AnyTensor Real, AnyTensor Fake>
    auto generator(const Real& real, const Fake& fake) const {
        return discriminator(fake, real);
    }
};

/// An objective selected at run time, so that a program compiles one trainer instead of seven.
class AnyObjective {
public:
    static constexpr std::array<std::string_view, 7> names{
        "minimax",     "non-saturating",       "least-squares",       "hinge",
        "wasserstein", "relativistic-pairing", "relativistic-average"};

    /// Errors: a name that is not in `names`; real_label outside (0, 1]; a smoothed label for an objective
    /// without labels.
    explicit AnyObjective(std::string_view name, double real_label = 1) {
        if (!(real_label > 0 && real_label <= 1))
            fail("objective", "the label of real samples must be in (0, 1]", real_label);
        if (name == "minimax")
            objective_ = Minimax{{real_label}};
        else if (name == "non-saturating")
            objective_ = NonSaturating{{real_label}};
        else if (name == "least-squares")
            objective_ = LeastSquares{{}, real_label};
        else if (real_label != 1)
            fail("objective",
                 "label smoothing applies to minimax, non-saturating and least-squares, which have labels",
                 "a real label of ", real_label, " for ", name);
        else if (name == "wasserstein")
            objective_ = Wasserstein{};
        else if (name == "relativistic-pairing")
            objective_ = RelativisticPairing{};
        else if (name == "relativistic-average")
            objective_ = RelativisticAverage{};
        else if (name != "hinge")
            fail(
                "objective",
                "must be minimax, non-saturating, least-squares, hinge, wasserstein, relativistic-pairing or "
                "relativistic-average",
                name);
    }
    /// Whether the generator's loss also depends on the outputs for real samples.
    bool compares() const {
        return std::holds_alternative<RelativisticPairing>(objective_) ||
               std::holds_alternative<RelativisticAverage>(objective_);
    }

    template <AnyTensor Real, AnyTensor Fake>
    auto discriminator(const Real& real, const Fake& fake) const {
        return std::visit([&](const auto& o) { return o.discriminator(real, fake); }, objective_);
    }
    /// For objectives that do not compare.
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        using Loss = decltype(mean(fake));
        return std::visit(
            [&](const auto& o) -> Loss {
                if constexpr (GeneratorObjective<std::remove_cvref_t<decltype(o)>, Fake>)
                    return o.generator(fake);
                else
                    fail("objective", "the generator's loss also takes the outputs for real samples");
            },
            objective_);
    }
    /// For objectives that compare.
    template <AnyTensor Real, AnyTensor Fake>
    auto generator(const Real& real, const Fake& fake) const {
        using Loss = decltype(mean(real) + mean(fake));
        return std::visit(
            [&](const auto& o) -> Loss {
                if constexpr (ComparingObjective<std::remove_cvref_t<decltype(o)>, Fake>)
                    return o.generator(real, fake);
                else
                    fail("objective", "the generator's loss takes the outputs for generated samples only");
            },
            objective_);
    }
    template <AnyTensor X>
    auto score(const X& outputs) const {
        return std::visit([&](const auto& o) { return o.score(outputs); }, objective_);
    }

private:
    std::variant<Hinge, Minimax, NonSaturating, LeastSquares, Wasserstein, RelativisticPairing,
                 RelativisticAverage>
        objective_;
};

}  // namespace gantry::gan
