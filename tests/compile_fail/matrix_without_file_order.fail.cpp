// expect: a parameter of a layer does not declare its order in PyTorch's files
// expect: PyTorchOrder<0,
// max-errors: 1
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/gantry.hpp>

#include <string>

using namespace gantry;

struct Linear : layers::PlainLayer {
    using Parameters = core::ParameterList<core::Parameter<"weight", Shape<5, 5>, Role::weight>>;
    using Input = Shape<Batch, 5>;
    static constexpr bool keeps_shape = true;
    static std::string name() { return "Linear"; }
};

void save(CheckpointWriter& writer, Network<Sequential<Linear>, Cpu>& network) {
    writer.network("", network);
}
