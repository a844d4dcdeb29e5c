#pragma once
#include <gantry/core/error.hpp>
#include <gantry/io/file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include <zlib.h>

namespace gantry {

/// Reads a file that may be compressed with gzip, from its beginning to its end.
class GzipReader {
public:
    explicit GzipReader(std::filesystem::path path) : path_(std::move(path)) {
        const File readable(path_, File::Mode::read);  // says clearly what is wrong; zlib opens a folder
        errno = 0;
        file_.reset(gzopen(path_.c_str(), "rb"));
        if (!file_) detail::fail_file("read", path_, errno != 0 ? errno : ENOMEM);
        gzbuffer(file_.get(), 1u << 17);
    }

    /// Reads into `bytes` and returns how many there were: fewer than asked for at the file's end only. The
    /// checksum of a compressed file is checked when its end is read.
    std::size_t read(std::span<std::uint8_t> bytes) {
        std::size_t total = 0;
        while (total < bytes.size()) {
            const auto piece = static_cast<unsigned>(std::min<std::size_t>(bytes.size() - total, 1u << 30));
            const int done = gzread(file_.get(), bytes.data() + total, piece);
            int error = Z_OK;
            gzerror(file_.get(), &error);
            if (error == Z_ERRNO) detail::fail_file("read", path_, errno);
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

}  // namespace gantry
