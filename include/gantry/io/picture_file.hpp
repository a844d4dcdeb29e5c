#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/signals_blocked.hpp>
#include <gantry/io/file.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace gantry {

namespace detail {
/// An open picture file as a stdio stream for the C libraries, which read it in small pieces, so that a large
/// file takes no memory. Errors: a file of more than 1 GiB.
class PictureFile {
public:
    PictureFile(std::string_view where, std::filesystem::path path) : where_(where), path_(std::move(path)) {
        const io::File file(path_, io::File::Mode::read);
        size_ = file.size();
        if (size_ > std::size_t{1} << 30)
            fail(where_, path_.string() + " must have at most 2^30 bytes; make it smaller", size_);
        stream_.reset(file.stream());
    }

    std::FILE* stream() const { return stream_.get(); }

    [[noreturn]] void fail_damaged(std::string_view reason) const {
        fail(where_, "cannot read " + path_.string() + ": " + std::string(reason));
    }

    /// Checks the size in the header before memory is allocated for it. Errors: sides above 65535; more than
    /// 2^27 pixels; more than `most` pixels, the maximum that a file of this size can contain.
    void check_sides(std::uint64_t height, std::uint64_t width, std::uint64_t most) const {
        if (height > 65535 || width > 65535 || height * width > std::uint64_t{1} << 27)
            fail(
                where_,
                path_.string() + " must have sides of at most 65535 and at most 2^27 pixels; make it smaller",
                height, " x ", width);
        if (height * width > most)
            fail_damaged(std::to_string(height) + " x " + std::to_string(width) +
                         " pixels cannot be in a file of " + std::to_string(size_) + " bytes");
    }
    std::uint64_t size() const { return size_; }

private:
    struct Close {
        void operator()(std::FILE* stream) const { std::fclose(stream); }
    };

    core::AsynchronousSignalsBlocked uninterrupted_;  // the libraries take interrupted reads for errors
    std::string_view where_;
    std::filesystem::path path_;
    std::size_t size_ = 0;
    std::unique_ptr<std::FILE, Close> stream_;
};
}  // namespace detail

namespace io {
/// A reservation from the decoding memory that all threads share (2^29 bytes). A thread that needs more than
/// is left waits for others, so a folder of huge pictures is decoded one at a time. Released by the
/// destructor.
class DecodingMemory {
public:
    DecodingMemory() = default;
    DecodingMemory(const DecodingMemory&) = delete;
    DecodingMemory& operator=(const DecodingMemory&) = delete;
    ~DecodingMemory() {
        {
            const std::lock_guard lock(all().mutex);
            all().taken -= taken_;
        }
        all().freed.notify_all();
    }

    /// Call this at most once: a waiting thread must not hold memory.
    void take(std::size_t bytes) {
        bytes = std::min(bytes, most);  // a larger picture is decoded alone
        std::unique_lock lock(all().mutex);
        all().freed.wait(lock, [&] { return all().taken + bytes <= most; });
        all().taken += bytes;
        taken_ = bytes;
    }

private:
    static constexpr std::size_t most = std::size_t{1} << 29;

    struct All {
        std::mutex mutex;
        std::condition_variable freed;
        std::size_t taken = 0;
    };
    static All& all() {
        static All all;
        return all;
    }

    std::size_t taken_ = 0;
};
}  // namespace io

}  // namespace gantry
