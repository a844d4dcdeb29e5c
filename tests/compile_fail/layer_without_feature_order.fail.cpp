// expect: give it a feature_order
// expect: PyTorchOrder<2,
// max-errors: 1
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

#include <string>

using namespace gantry;

/// Keeps the shape, but may permute features: it does not define feature_order.
struct Scale : layers::PlainLayer {
    using Parameters = core::ParameterList<core::Parameter<"weight", Shape<192>, Role::scale>>;
    static constexpr bool keeps_shape = true;
    static std::string name() { return "Scale"; }
};
using Critic = Sequential<InputShape<8, 8, 3>, Flatten, Scale, Dense<192, 1>>;

void save(CheckpointWriter& writer, Network<Critic, Cpu>& network) { writer.network("critic", network); }
