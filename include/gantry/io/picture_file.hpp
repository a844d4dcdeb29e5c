#pragma once
#include <gantry/core/error.hpp>
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

namespace gantry::detail {

/// A picture's file, as the C libraries take it: they read it in small pieces, so that a large file takes no
/// memory. Refuses one of more than 1 GiB.
class PictureFile {
public:
    PictureFile(std::string_view where, std::filesystem::path path) : where_(where), path_(std::move(path)) {
        const File file(path_, File::Mode::read);
        size_ = file.size();
        if (size_ > std::size_t{1} << 30)
            fail(where_, path_.string() + " must have at most 2^30 bytes; make it smaller", size_);
        stream_.reset(file.stream());
    }

    std::FILE* stream() const { return stream_.get(); }

    [[noreturn]] void fail_damaged(std::string_view reason) const {
        fail(where_, "cannot read " + path_.string() + ": " + std::string(reason));
    }

    /// Throws if the picture's header claims more than a picture may have, or more than `most`, which is all
    /// that a file of this size can hold. To be called before memory is taken for the pixels.
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

    std::string_view where_;
    std::filesystem::path path_;
    std::size_t size_ = 0;
    std::unique_ptr<std::FILE, Close> stream_;
};

/// The memory that pictures take while they are decoded, over all threads: who wants more than is left waits
/// for the others, so that a folder of huge pictures is read one by one. Held until the object dies.
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

    /// Call it once: a thread that waits for memory must hold none.
    void take(std::size_t bytes) {
        bytes = std::min(bytes, most);  // a picture that is larger than that is read alone
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

}  // namespace gantry::detail
