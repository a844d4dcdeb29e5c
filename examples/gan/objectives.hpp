#pragma once
#include <gantry/core/error.hpp>
#include <gantry/ops/activation.hpp>
#include <gantry/ops/losses.hpp>
#include <gantry/ops/sum.hpp>

#include <array>
#include <string>
#include <string_view>
#include <variant>

namespace gantry::gan {

// An objective is a struct with
//   discriminator(real, fake)   the scalar that the discriminator minimises, from its outputs for real and
//                               for made items, each Shape<Batch, 1>
//   generator(fake)             the scalar that the generator minimises
//   score(outputs)             what is shown as D(x): the probability of "real", where outputs are logits
// With D = sigmoid(output), so that log D = -softplus(-output) and log(1 - D) = -softplus(output): finite for
// every output. real_label below 1 smooths the labels of real items, and only those (Salimans et al. 2016,
// "Improved techniques for training GANs", section 3.4).

/// What Minimax and NonSaturating have in common: D maximises E[log D(x)] + E[log(1 - D(G(z)))].
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

/// The value function itself: G minimises what D maximises.
/// Source: Goodfellow et al., "Generative adversarial nets" (2014), eq. 1.
struct Minimax : CrossEntropyDiscriminator {
    /// Its gradient vanishes where the discriminator is sure: see NonSaturating.
    template <AnyTensor Fake>
    auto generator(const Fake& fake) const {
        return -bce_with_logits(fake, 0.0);
    }
};

/// The same discriminator; G maximises E[log D(G(z))], whose gradient is strong while D rejects everything.
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

/// An objective that is chosen at run time: a program is compiled for one trainer, not for four.
class AnyObjective {
public:
    static constexpr std::array<std::string_view, 4> names{"minimax", "non-saturating", "least-squares",
                                                           "hinge"};

    /// Errors: a name that is none of `names`; a real_label outside of (0, 1]; a smoothed label for hinge,
    /// which has no labels.
    explicit AnyObjective(std::string_view name, double real_label = 1) {
        if (!(real_label > 0 && real_label <= 1))
            fail("objective", "the label of real items must be above 0 and at most 1", real_label);
        if (name == "minimax")
            objective_ = Minimax{{real_label}};
        else if (name == "non-saturating")
            objective_ = NonSaturating{{real_label}};
        else if (name == "least-squares")
            objective_ = LeastSquares{real_label};
        else if (name != "hinge")
            fail("objective", "must be minimax, non-saturating, least-squares or hinge", name);
        else if (real_label != 1)
            fail("objective", "hinge has no labels that could be smoothed", "a real label of ", real_label);
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
