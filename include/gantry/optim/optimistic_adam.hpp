#pragma once
#include <gantry/optim/adam.hpp>

#include <vector>

namespace gantry {

namespace optim {
/// Adam's update u as AdamUpdate computes it; w -= 2 u - previous; previous = u.
template <class T>
struct OptimisticAdamUpdate {
    using scalar = T;
    static constexpr const char* name = "optimistic_adam";
    static constexpr int moments = 3;
    AdamUpdate<T> adam;

    /// `t` counts the updates from 1.
    OptimisticAdamUpdate(const AdamOptions& options, std::uint64_t t) : adam(options, t) {}

    template <class V>
    GANTRY_HOST_DEVICE void operator()(V gradient, V& w, V& m, V& v, V& previous) const {
        const V update = adam.step(gradient + adam.decay * w, m, v);
        w = w - (update + update - previous);
        previous = update;
    }
};
}  // namespace optim

/// Optimistic Adam: with u_t the update that Adam would subtract (see AdamOptions), w -= 2 u_t - u_(t-1),
/// u_0 = 0. Where the two players of a GAN circle around an equilibrium with Adam, they spiral into it with
/// this update. Source: Daskalakis, Ilyas, Syrgkanis and Zeng, "Training GANs with optimism" (2018),
/// algorithm 1.
template <class Net>
class OptimisticAdam : public optim::AdamMoments<Net> {
public:
    using typename optim::AdamMoments<Net>::scalar;
    using typename optim::AdamMoments<Net>::device_type;

    /// The network must outlive it. Errors: options out of range.
    explicit OptimisticAdam(Net& network, const AdamOptions& options = {})
        : optim::AdamMoments<Net>(network, "OptimisticAdam", options) {}

    /// One update. Errors: gradients of another network; stale or already applied gradients.
    void step(const Gradients<Net>& gradients) {
        this->template update_by<optim::OptimisticAdamUpdate<scalar>>(gradients, previous_update_);
    }
    /// m and v, under PyTorch's names, and u_(t-1).
    std::vector<optim::NamedBuffer<scalar, device_type>> buffers() {
        auto all = optim::AdamMoments<Net>::buffers();
        all.push_back({"previous_update", &previous_update_});
        return all;
    }

private:
    core::Buffer<scalar, device_type> previous_update_ = this->moment();
};

}  // namespace gantry
