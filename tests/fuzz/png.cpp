#include "fuzz.hpp"
#include <gantry/io/png.hpp>

#include <zlib.h>

using namespace gantry;

GANTRY_FUZZ(input) {
    static const fuzz::InputFile file;
    file.set(input);
    fuzz::accept_or_refuse([&] {
        const io::Image image = read_png(file.path());
        if (image.pixels.size() != detail::image_bytes(image.height, image.width, image.channels))
            std::abort();
    });
}

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

/// Repairs the checksums of chunks: libpng stops at a wrong one.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned) {
    size = LLVMFuzzerMutate(data, size, most);
    constexpr std::size_t signature = 8, length_and_type = 8, checksum = 4;
    const auto word = [&](std::size_t at) {
        return std::size_t{data[at]} << 24 | std::size_t{data[at + 1]} << 16 |
               std::size_t{data[at + 2]} << 8 | data[at + 3];
    };
    for (std::size_t at = signature; at + length_and_type + checksum <= size;) {
        const std::size_t length = word(at);
        if (length > size - at - length_and_type - checksum) break;
        const auto sum = crc32_z(0, data + at + 4, 4 + length);
        for (std::size_t i = 0; i < checksum; ++i)
            data[at + length_and_type + length + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
        at += length_and_type + length + checksum;
    }
    return size;
}
