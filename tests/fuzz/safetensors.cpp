#include "fuzz.hpp"
#include <gantry/io/safetensors_file.hpp>

using namespace gantry;

// What can be read can be written, and is then the same.
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
    if (!good) return;
    write_safetensors(folder.path() / "again", read);
    if (!(read_safetensors(folder.path() / "again") == read)) std::abort();
}
