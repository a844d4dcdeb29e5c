#pragma once
#include <gantry/init/distributions.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace gantry {

/// A vector of length 1 in a uniformly distributed direction. Computed in double on the host.
struct RandomDirection {
    template <class T, class D>
    void operator()(D& device, const core::ParameterInfo& info, T* parameter, RandomStream& stream) const {
        Normal{}(device, info, parameter, stream);
        std::vector<T> numbers(info.extents.size());
        const std::size_t bytes = numbers.size() * sizeof(T);
        device.memory().copy_to_host(numbers.data(), parameter, bytes);
        const std::vector<double> wide(numbers.begin(), numbers.end());
        const double length = std::sqrt(std::inner_product(wide.begin(), wide.end(), wide.begin(), 0.0));
        std::transform(wide.begin(), wide.end(), numbers.begin(),
                       [&](double number) { return static_cast<T>(number / length); });
        device.memory().copy_from_host(parameter, numbers.data(), bytes);
    }
};

}  // namespace gantry
