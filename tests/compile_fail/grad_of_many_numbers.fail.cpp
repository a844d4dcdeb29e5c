// expect: only scalars can be differentiated: take mean\(\), sum\(\) or a loss first
// max-errors: 1
#include <gantry/gantry.hpp>

using namespace gantry;
void use(const Variable<Shape<Batch, 8>, float, Cpu>& x) { static_cast<void>(grad(square(x), x)); }
