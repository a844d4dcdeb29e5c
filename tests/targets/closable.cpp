// A shared library that a program closes: see test_shared_library.cpp.
#include "targets/training.hpp"

extern "C" __attribute__((visibility("default"))) float train_in_library() {
    const float weight = train();
    gantry::cpu::parallel(16, [](int, int) {});  // leaves workers that are about to fall asleep, or to start
    return weight;
}
