#pragma once
#include <gantry/kernels/optimizers.hpp>
#include <gantry/optim/optimizer.hpp>

#include <vector>

namespace gantry {

/// The names and defaults are PyTorch's.
struct RmsPropOptions {
    double learning_rate = 1e-2;
    double alpha = 0.99;  ///< how much of the running mean of squares a step keeps
    double epsilon = 1e-8;
    double weight_decay = 0;  ///< weight_decay w is added to the gradient
    double momentum = 0;
    bool centered = false;  ///< divide by the deviation of the gradient, not by its root mean square
};

/// RMSProp with PyTorch's arithmetic (epsilon outside of the root). Source: Tieleman and Hinton,
/// "Lecture 6.5, RMSProp" (2012); centered: Graves, "Generating sequences with recurrent neural networks"
/// (2013), equations 38 to 41.
template <class Net>
class RmsProp : public Optimizer<Net> {
public:
    using typename Optimizer<Net>::scalar;
    using typename Optimizer<Net>::device_type;

    /// Errors: options out of range.
    explicit RmsProp(Net& network, const RmsPropOptions& options = {})
        : Optimizer<Net>(network, "RmsProp", options.learning_rate), options_(options) {
        this->check_below_one("alpha", options.alpha);
        this->check_at_least_zero("epsilon", options.epsilon);
        this->check_at_least_zero("weight_decay", options.weight_decay);
        this->check_below_one("momentum", options.momentum);
    }

    /// Errors: gradients of another network, or stale ones.
    void step(const Gradients<Net>& gradients) {
        RmsPropParameters<scalar> p;
        p.s = square_avg_.data();
        p.mean = grad_avg_.data();
        p.velocity = velocity_.data();
        p.learning_rate = this->learning_rate();
        p.alpha = options_.alpha;
        p.epsilon = options_.epsilon;
        p.momentum = options_.momentum;
        p.weight_decay = options_.weight_decay;
        this->update(gradients, p);
    }
    std::vector<NamedBuffer<scalar, device_type>> buffers() {
        std::vector<NamedBuffer<scalar, device_type>> all{{"square_avg", &square_avg_}};
        if (options_.centered) all.push_back({"grad_avg", &grad_avg_});
        if (options_.momentum > 0) all.push_back({"momentum_buffer", &velocity_});
        return all;
    }

private:
    RmsPropOptions options_;
    Buffer<scalar, device_type> square_avg_ = this->moment(), grad_avg_ = this->moment(options_.centered),
                                velocity_ = this->moment(options_.momentum > 0);
};

}  // namespace gantry
