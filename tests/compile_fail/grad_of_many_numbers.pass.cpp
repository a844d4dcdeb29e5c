#include <gantry/gantry.hpp>

using namespace gantry;
void use(const Variable<Shape<Batch, 8>, float, Cpu>& x) { static_cast<void>(grad(sum(square(x)), x)); }
