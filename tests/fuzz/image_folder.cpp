#include "fuzz.hpp"
#include <gantry/data/image_folder.hpp>

#include <algorithm>

using namespace gantry;

// The first byte determines where the first file ends, and whether broken files may be skipped.
GANTRY_FUZZ(input) {
    if (input.empty()) return;
    static const fuzz::Folder folder;
    const std::span<const std::uint8_t> images = input.subspan(1);
    const std::size_t border = std::min<std::size_t>(images.size(), 8 * std::size_t{input[0]});
    folder.put("a.png", images.first(border));
    folder.put("b.jpg", images.subspan(border));
    fuzz::accept_or_refuse([&] {
        const ImageFolder loaded =
            load_image_folder(folder.path(), {.height = 5, .width = 4, .skip_broken = input[0] % 2 == 0});
        if (loaded.images.count + loaded.broken.size() != 2) std::abort();
        if (loaded.images.pixels.size() != loaded.images.count * 60) std::abort();
    });
}
