#include "targets/narrow.hpp"

#include "targets/training.hpp"

std::size_t narrow::lanes() { return gantry::cpu::lanes<float>; }
bool narrow::four_channels_fill() { return gantry::cpu::fills_columns<float>(4); }
float narrow::trained_weight() { return train(); }
