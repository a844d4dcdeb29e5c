#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

#include <string>

using namespace gantry;

struct Linear : layers::PlainLayer {
    using Parameters = core::ParameterList<
        core::Parameter<"weight", Shape<5, 5>, Role::weight, 5, 5, core::FileOrder::transposed>>;
    using Input = Shape<Batch, 5>;
    static constexpr bool keeps_shape = true;
    static std::string name() { return "Linear"; }
};

void save(CheckpointWriter& writer, Network<Sequential<Linear>, Cpu>& network) {
    writer.network("", network);
}
