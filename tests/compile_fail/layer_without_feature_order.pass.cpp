#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

#include <string>

using namespace gantry;

struct Scale : layers::PlainLayer {
    using Parameters = core::ParameterList<core::Parameter<"weight", Shape<192>, Role::scale>>;
    static constexpr bool keeps_shape = true;
    static constexpr layers::FeatureOrder feature_order = layers::FeatureOrder::kept;
    static std::string name() { return "Scale"; }
};
using Critic = Sequential<InputShape<8, 8, 3>, Flatten, Scale, Dense<192, 1>>;

void save(CheckpointWriter& writer, Network<Critic, Cpu>& network) { writer.network("critic", network); }
