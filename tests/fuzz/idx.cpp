#include "fuzz.hpp"
#include <gantry/data/idx.hpp>

using namespace gantry;

GANTRY_FUZZ(input) {
    static const fuzz::InputFile file;
    file.set(input);
    fuzz::accept_or_refuse([&] {
        const Images images = io::read_idx_images(file.path());
        if (images.pixels.size() != images.count * images.sample_size()) std::abort();
    });
    fuzz::accept_or_refuse([&] { io::read_idx_labels(file.path()); });
}
