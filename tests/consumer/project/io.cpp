#include <gantry/gantry.hpp>
#include <gantry/io.hpp>

int main() {}
