#include "fuzz.hpp"
#include <gantry/io/safetensors_file.hpp>

#include <algorithm>

using namespace gantry;

// A file that can be read can be written, and is then the same, except for dtypes that gantry does not know.
GANTRY_FUZZ(input) {
    static const fuzz::InputFile file;
    static const fuzz::Folder folder;
    file.set(input);
    Safetensors read;
    bool good = false;
    fuzz::accept_or_refuse([&] {
        read = read_safetensors(file.path());
        good = true;
    });
    const auto known = [](const auto& tensor) { return io::dtype_size(tensor.second.dtype) != 0; };
    if (!good || !std::ranges::all_of(read.tensors, known)) return;
    write_safetensors(folder.path() / "again", read);
    if (!(read_safetensors(folder.path() / "again") == read)) std::abort();
}
