#include <gantry/gantry.hpp>

int threads_in_other_file() {
    const gantry::Cpu device;
    return device.threads();
}
