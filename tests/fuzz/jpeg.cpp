#include "fuzz.hpp"
#include <gantry/io/jpeg.hpp>

using namespace gantry;

GANTRY_FUZZ(input) {
    static const fuzz::InputFile file;
    file.set(input);
    fuzz::accept_or_refuse([&] {
        const Picture picture = read_jpeg(file.path());
        if (picture.pixels.size() != detail::picture_bytes(picture.height, picture.width, picture.channels))
            std::abort();
    });
}
