#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/signals_blocked.hpp>
#include <gantry/io/file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include <zlib.h>

namespace gantry::io {

/// Reads a plain or gzip-compressed file sequentially.
class GzipReader {
public:
    /// Errors: a file that cannot be opened.
    explicit GzipReader(std::filesystem::path path) : path_(std::move(path)) {
        const File readable(path_, File::Mode::read);  // for its error messages; zlib would open a folder
        const core::AsynchronousSignalsBlocked uninterrupted;  // zlib takes interruptions for errors
        errno = 0;
        file_.reset(gzopen(path_.c_str(), "rb"));
        if (!file_) fail_file("read", path_, errno != 0 ? errno : ENOMEM);
        gzbuffer(file_.get(), 1u << 17);
    }

    /// Reads into `bytes` and returns the number of bytes read, which is less than bytes.size() only at the
    /// end of the file. A compressed file's checksum is verified at its end. Errors: truncated or damaged
    /// data.
    std::size_t read(std::span<std::uint8_t> bytes) {
        const core::AsynchronousSignalsBlocked uninterrupted;
        std::size_t total = 0;
        while (total < bytes.size()) {
            const auto piece = static_cast<unsigned>(std::min<std::size_t>(bytes.size() - total, 1u << 30));
            const int done = gzread(file_.get(), bytes.data() + total, piece);
            int error = Z_OK;
            gzerror(file_.get(), &error);
            if (error == Z_ERRNO) fail_file("read", path_, errno);
            if (error == Z_BUF_ERROR)
                fail("gzip", path_.string() + " is truncated: its compressed data ends too early");
            if (done < 0 || error != Z_OK)
                fail("gzip", path_.string() + " is damaged: its compressed data is not valid");
            total += static_cast<std::size_t>(done);
            if (done == 0) break;
        }
        return total;
    }

private:
    struct Close {
        void operator()(gzFile file) const { gzclose_r(file); }
    };
    std::filesystem::path path_;
    std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace gantry::io
