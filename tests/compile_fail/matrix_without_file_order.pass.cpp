#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

#include <string>

using namespace gantry;

struct Linear : PlainLayer {
    using Parameters =
        ParameterList<Parameter<"weight", Shape<5, 5>, Role::weight, 5, 5, FileOrder::transposed>>;
    using Input = Shape<Batch, 5>;
    static std::string name() { return "Linear"; }
};

void save(CheckpointWriter& writer, Network<Sequential<Linear>, Cpu>& network) {
    writer.network("", network);
}
