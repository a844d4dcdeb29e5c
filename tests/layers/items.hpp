#pragma once
#include "support/numbers.hpp"
#include <gantry/gantry.hpp>

namespace gantry::test {

using Items = Shape<Batch, 9>;
inline constexpr int batch = 7;

/// `batch` random samples.
template <class D>
auto items(D& device) {
    return from_host<Items>(device, batch, random_numbers<float>(Items::size(batch), "items"));
}

}  // namespace gantry::test
