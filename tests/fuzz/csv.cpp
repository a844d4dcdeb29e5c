#include "fuzz.hpp"
#include <gantry/io/csv.hpp>

using namespace gantry;

// A log is either rejected or can be read after it is resumed.
GANTRY_FUZZ(input) {
    static const fuzz::InputFile file;
    static const fuzz::Folder folder;
    file.set(input);
    fuzz::accept_or_refuse([&] {
        const io::CsvTable table = read_csv(file.path());
        if (table.columns.size() != table.names.size()) std::abort();
    });
    folder.put("log", input);
    fuzz::accept_or_refuse([&] {
        CsvLog log = CsvLog::resume(folder.path() / "log", "iteration,loss", 3);
        log.row(4, std::array{0.5});
    });
}
