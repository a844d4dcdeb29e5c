#pragma once
#include <gantry/layers/dense.hpp>
#include <gantry/network/network.hpp>

#include <cstddef>
#include <vector>

#include <optim/reference_values.hpp>

namespace gantry::test {

/// 35 parameters, so that there are full vectors and a remainder: the reference values, repeated.
using SmallArchitecture = Sequential<Dense<6, 5>>;
template <class D, class T = double>
using SmallNetwork = Network<SmallArchitecture, D, T>;

template <class T>
std::vector<T> repeated(const std::array<double, reference_size>& numbers) {
    std::vector<T> all(SmallArchitecture::parameter_count);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<T>(numbers[i % reference_size]);
    return all;
}

/// A network with the initial parameters of the reference.
template <class D, class T = double>
struct ReferenceNetwork : SmallNetwork<D, T> {
    explicit ReferenceNetwork(D& device) : SmallNetwork<D, T>(device, Seed{1}) {
        this->parameters().from_host(repeated<T>(reference_start));
    }
    /// The reference's gradients for an update, as `backward` would return them.
    Gradients<SmallNetwork<D, T>> gradients_of_update(std::size_t update) {
        this->gradients().from_host(repeated<T>(reference_gradients[update]));
        return {this, this->backward_passes()};
    }
};

}  // namespace gantry::test
