#pragma once
#include <gantry/layers/dense.hpp>
#include <gantry/network/network.hpp>

#include <cstddef>
#include <vector>

#include <optim/reference_values.hpp>

namespace gantry::test {

/// 35 parameters, so that there are whole vectors and a rest: the numbers of the reference, over and over.
using SmallArchitecture = Sequential<Dense<6, 5>>;
template <class D, class T = double>
using SmallNetwork = Network<SmallArchitecture, D, T>;

template <class T>
std::vector<T> repeated(const std::array<double, reference_size>& numbers) {
    std::vector<T> all(SmallArchitecture::parameter_count);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<T>(numbers[i % reference_size]);
    return all;
}

/// A network whose parameters are those that the reference starts with.
template <class D, class T = double>
struct ReferenceNetwork : SmallNetwork<D, T> {
    explicit ReferenceNetwork(D& device) : SmallNetwork<D, T>(device, Seed{1}) {
        this->parameters().from_host(repeated<T>(reference_start));
    }
    /// The reference's gradients for an update, as if `backward` had left them.
    Gradients<SmallNetwork<D, T>> gradients_of_update(std::size_t update) {
        this->gradients().from_host(repeated<T>(reference_gradients[update]));
        return {this, this->backward_passes()};
    }
};

}  // namespace gantry::test
