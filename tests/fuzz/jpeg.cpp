#include "fuzz.hpp"
#include <gantry/io/jpeg.hpp>

using namespace gantry;

GANTRY_FUZZ(input) {
    static const fuzz::InputFile file;
    file.set(input);
    fuzz::accept_or_refuse([&] {
        const io::Image image = read_jpeg(file.path());
        if (image.pixels.size() != detail::image_bytes(image.height, image.width, image.channels))
            std::abort();
    });
}
