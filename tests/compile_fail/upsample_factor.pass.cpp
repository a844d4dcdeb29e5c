#include <gantry/gantry.hpp>

using namespace gantry;
using Generator = Sequential<InputShape<2, 2, 3>, Upsample<2>>;
