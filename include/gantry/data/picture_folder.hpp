#pragma once
#include <gantry/core/error.hpp>
#include <gantry/data/images.hpp>
#include <gantry/io/file.hpp>
#include <gantry/io/jpeg.hpp>
#include <gantry/io/picture.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/resize.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace gantry {

struct PictureFolderOptions {
    int height = 64;  ///< of each image, in pixels
    int width = 64;
};

namespace detail {

/// The pictures in a folder and the folders in it, in the order of their paths. What is hidden is left out:
/// desktops keep small copies and notes there, under the names of the pictures.
inline std::vector<std::filesystem::path> find_pictures(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> pictures;
    std::error_code error;
    std::filesystem::recursive_directory_iterator entry(folder, error);
    if (error) fail_file("read", folder, error.value());
    while (entry != std::filesystem::recursive_directory_iterator{}) {
        const std::filesystem::path path = entry->path();
        std::string ending = path.extension().string();
        for (char& letter : ending)
            if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
        if (path.filename().string().starts_with('.'))
            entry.disable_recursion_pending();
        else if ((ending == ".png" || ending == ".jpg" || ending == ".jpeg") && !entry->is_directory(error))
            pictures.push_back(path);
        entry.increment(error);
        if (error) fail_file("read", folder, error.value());
    }
    std::sort(pictures.begin(), pictures.end());
    return pictures;
}

/// Reads a PNG or JPEG: what its first bytes say counts, since its name is often wrong.
inline Picture read_picture(const std::filesystem::path& path, const ReadJpegOptions& options) {
    File file(path, File::Mode::read);
    std::array<std::uint8_t, 2> start{};
    if (file.size() >= start.size()) file.read(std::as_writable_bytes(std::span(start)));
    if (start == std::array<std::uint8_t, 2>{0x89, 'P'}) return read_png(path);
    if (start == std::array<std::uint8_t, 2>{0xFF, 0xD8}) return read_jpeg(path, options);
    fail("load_picture_folder", path.string() + " is neither PNG nor JPEG: take it out of the folder");
}

/// Calls `action` with 0 ... count - 1 on all cores. Throws what the first of them (in their order) threw.
template <class Action>
void for_each_on_all_cores(std::size_t count, const Action& action) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr error;
    std::size_t error_at = count;
    const auto work = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            try {
                action(i);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (i < error_at) error = std::current_exception();
                error_at = std::min(i, error_at);
                next = count;  // all before i have been taken
            }
        }
    };
    {
        const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
        std::vector<std::jthread> threads;
        for (std::size_t t = 1; t < std::min(cores, count); ++t) threads.emplace_back(work);
        work();
    }
    if (error) std::rethrow_exception(error);
}

}  // namespace detail

/// Loads a folder of pictures, PNG and JPEG of any size, as images (height, width, 3): the middle of each,
/// scaled. Reads all files that end in .png, .jpg or .jpeg (in capitals or not), in the folders below as
/// well, in the order of their paths; hidden ones are left out. Grey becomes colour, and what is transparent
/// white; the orientation that a camera notes in EXIF is not applied. Throws an Error for a folder without
/// pictures and for a file that cannot be read or is damaged.
inline Images load_picture_folder(const std::filesystem::path& folder,
                                  const PictureFolderOptions& options = {}) {
    const int height = options.height, width = options.width;
    if (height < 1 || width < 1 || height > 4096 || width > 4096)
        fail("load_picture_folder", "height and width must be from 1 to 4096", height, " x ", width);
    const auto paths = detail::find_pictures(folder);
    if (paths.empty())
        fail("load_picture_folder",
             "no picture in " + folder.string() + ": it must have files that end in .png, .jpg or .jpeg");

    Images images{paths.size(), height, width, 3, {}};
    images.pixels.resize(images.count * images.item_size());
    detail::for_each_on_all_cores(paths.size(), [&](std::size_t i) {
        const Picture picture = resize_to_fill(
            detail::read_picture(paths[i], {.smallest_height = height, .smallest_width = width}), height,
            width);
        std::uint8_t* to = images.pixels.data() + i * images.item_size();
        const auto channels = static_cast<std::size_t>(picture.channels);
        for (std::size_t pixel = 0; pixel < picture.pixels.size(); pixel += channels)
            for (const std::size_t c : {0, 1, 2}) *to++ = picture.pixels[pixel + std::min(c, channels - 1)];
    });
    return images;
}

}  // namespace gantry
