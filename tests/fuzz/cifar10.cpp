#include "fuzz.hpp"
#include <gantry/data/cifar10.hpp>

using namespace gantry;

// The first byte is the number of copies of the rest in the file: a record has 3073 bytes.
GANTRY_FUZZ(input) {
    static const fuzz::Folder folder;
    std::vector<std::uint8_t> bytes;
    if (!input.empty())
        for (int copies = input[0]; copies > 0; --copies)
            bytes.insert(bytes.end(), input.begin() + 1, input.end());
    folder.put("data_batch_2.bin", bytes);
    fuzz::accept_or_refuse([&] {
        const LabelledImages data = load_cifar10(folder.path(), Split::train, {"cat", "dog"});
        if (data.labels.size() != data.images.count) std::abort();
        if (data.images.pixels.size() != data.images.count * data.images.sample_size()) std::abort();
    });
}
