#pragma once
#include <gantry/optim/adam.hpp>

#include <vector>

namespace gantry {

/// Adam that takes each update twice and the one before it back, w -= 2 u_t - u_(t-1) with u_0 = 0: where
/// Adam's two players circle around an equilibrium, this one's spiral into it. Source: Daskalakis, Ilyas,
/// Syrgkanis and Zeng, "Training GANs with optimism" (2018), algorithm 1.
template <class Net>
class OptimisticAdam : public AdamMoments<Net> {
public:
    using typename AdamMoments<Net>::scalar;
    using typename AdamMoments<Net>::device_type;

    explicit OptimisticAdam(Net& network, const AdamOptions& options = {})
        : AdamMoments<Net>(network, "OptimisticAdam", options) {}

    /// Errors: gradients of another network, or stale ones.
    void step(const Gradients<Net>& gradients) {
        auto p = this->next_update();
        p.previous_update = previous_update_.data();
        this->update(gradients, p);
    }
    std::vector<NamedBuffer<scalar, device_type>> buffers() {
        auto all = AdamMoments<Net>::buffers();
        all.push_back({"previous_update", &previous_update_});
        return all;
    }

private:
    Buffer<scalar, device_type> previous_update_ = this->moment();
};

}  // namespace gantry
