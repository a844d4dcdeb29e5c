#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/images.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/io/file.hpp>
#include <gantry/io/jpeg.hpp>
#include <gantry/io/picture.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/resize.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <new>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace gantry {

struct PictureFolderOptions {
    int height = 64;  ///< of each image, in pixels
    int width = 64;
    /// Leaves out pictures that cannot be read or are damaged. Otherwise they are an Error.
    bool skip_broken = false;
};

/// A folder of pictures as images, and what of it is not among them.
struct PictureFolder {
    /// A picture that could not be read, and why.
    struct Broken {
        std::filesystem::path path;
        std::string reason;
    };

    Images images;                             ///< (height, width, 3)
    std::vector<std::filesystem::path> paths;  ///< one for each image
    std::vector<Broken> broken;                ///< left out: see skip_broken
    /// How many files of other formats are in the folder, by their ending (".webp"). They were not read.
    std::map<std::string, std::size_t> other_formats;
};

namespace detail {

/// The end of a file's name from its last dot on, in small letters.
inline std::string small_ending(const std::filesystem::path& path) {
    std::string ending = path.extension().string();
    for (char& letter : ending)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return ending;
}

/// Finds pictures in a folder and in the folders in it, behind symbolic links as well.
class PictureFinder {
public:
    std::vector<std::filesystem::path> pictures;  ///< in the order of their paths
    std::map<std::string, std::size_t> other_formats;

    explicit PictureFinder(const std::filesystem::path& folder) {
        search(folder);
        std::sort(pictures.begin(), pictures.end());
    }

private:
    void search(const std::filesystem::path& folder) {
        // A link can lead back to a folder above it, and two links to one folder.
        struct stat status {};
        if (::stat(folder.c_str(), &status) != 0) fail_file("read", folder, errno);
        if (!searched_.insert({status.st_dev, status.st_ino}).second) return;

        // In order, so that of two paths to one folder the same is searched each time.
        std::vector<std::filesystem::path> paths;
        std::error_code error;
        std::filesystem::directory_iterator entry(folder, error);
        for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error))
            paths.push_back(entry->path());
        if (error) fail_file("read", folder, error.value());
        std::sort(paths.begin(), paths.end());
        for (const std::filesystem::path& path : paths) add(path);
    }

    void add(const std::filesystem::path& path) {
        // What is hidden is left out: desktops keep small copies and notes there, under the pictures' names.
        if (path.filename().string().starts_with('.')) return;
        std::error_code error;
        if (std::filesystem::is_directory(path, error)) return search(path);
        const std::string ending = small_ending(path);
        if (std::ranges::find(read_endings, ending) != read_endings.end())
            pictures.push_back(path);
        else if (std::ranges::find(other_endings, ending) != other_endings.end())
            ++other_formats[ending];
    }

    static constexpr std::array<std::string_view, 5> read_endings{".png", ".jpg", ".jpeg", ".jpe", ".jfif"};
    static constexpr std::array<std::string_view, 16> other_endings{
        ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif",
        ".jxl",  ".jp2", ".ppm", ".pgm", ".pnm",  ".tga",  ".svg",  ".ico"};

    std::set<std::pair<dev_t, ino_t>> searched_;
};

/// Reads a PNG or JPEG: what its first bytes say counts, since its name is often wrong.
inline Picture read_picture(const std::filesystem::path& path, const ReadJpegOptions& options,
                            DecodingMemory& memory) {
    File file(path, File::Mode::read);
    std::string start(std::min<std::size_t>(file.size(), 12), '\0');
    file.read(std::as_writable_bytes(std::span(start)));
    if (start.starts_with("\x89P")) return decode_png(path, memory);
    if (start.starts_with("\xFF\xD8")) return decode_jpeg(path, options, memory);
    const bool webp = start.starts_with("RIFF") && start.ends_with("WEBP");
    const std::string format = webp                        ? "a WebP"
                               : start.starts_with("GIF8") ? "a GIF"
                               : start.starts_with("BM")   ? "a BMP"
                                                           : "";
    fail("load_picture_folder",
         path.string() + (format.empty() ? " is neither PNG nor JPEG: take it out of the folder"
                                         : " is " + format + ", not PNG or JPEG: convert it"));
}

/// "12 .webp, 3 .gif"; empty if there are none.
inline std::string list_formats(const std::map<std::string, std::size_t>& files) {
    std::string text;
    for (const auto& [ending, count] : files)
        text += (text.empty() ? "" : ", ") + std::to_string(count) + ' ' + ending;
    return text;
}

/// Calls `action` with 0 ... count - 1 on all cores. It must not throw.
template <class Action>
void for_each_on_all_cores(std::size_t count, const Action& action) {
    std::atomic<std::size_t> next = 0;
    cpu::parallel(cpu::available_cores(), [&](int, int) {
        for (std::size_t i = next++; i < count; i = next++) action(i);
    });
}

/// A picture's pixels as red, green and blue.
inline void put_colours(const Picture& picture, std::uint8_t* to) {
    const auto channels = static_cast<std::size_t>(picture.channels);
    for (std::size_t pixel = 0; pixel < picture.pixels.size(); pixel += channels)
        for (const std::size_t c : {0, 1, 2}) *to++ = picture.pixels[pixel + std::min(c, channels - 1)];
}

}  // namespace detail

/// Loads a folder of pictures, PNG and JPEG of any size, as images (height, width, 3): the middle of each,
/// scaled. Reads all files that end in .png, .jpg, .jpeg, .jpe or .jfif (in capitals or not), in the folders
/// below and behind symbolic links as well (each folder once), in the order of their paths; hidden ones are
/// left out. Pictures come upright, grey ones as colour, and what is transparent white: see read_png and
/// read_jpeg. Throws an Error for a folder without pictures and, unless they are to be left out, for pictures
/// that cannot be read or are damaged: it names the first of them and says how many there are.
inline PictureFolder load_picture_folder(const std::filesystem::path& folder,
                                         const PictureFolderOptions& options = {}) {
    const int height = options.height, width = options.width;
    if (height < 1 || width < 1 || height > 4096 || width > 4096)
        fail("load_picture_folder", "height and width must be from 1 to 4096", height, " x ", width);
    detail::PictureFinder found(folder);
    const std::vector<std::filesystem::path>& paths = found.pictures;
    if (paths.empty()) {
        const std::string others = detail::list_formats(found.other_formats);
        fail("load_picture_folder",
             "no picture in " + folder.string() + ": it must have files that end in .png, .jpg or .jpeg" +
                 (others.empty() ? "" : "; it has others (" + others + "): convert them"));
    }

    PictureFolder loaded{{0, height, width, 3, {}}, {}, {}, std::move(found.other_formats)};
    const std::size_t sample_size = loaded.images.sample_size();
    std::vector<std::uint8_t> pixels(paths.size() * sample_size);
    std::vector<std::string> reasons(paths.size());  // empty: a picture could be read
    std::atomic<bool> memory_lacks = false;
    detail::for_each_on_all_cores(paths.size(), [&](std::size_t i) {
        try {
            detail::DecodingMemory memory;
            const Picture picture =
                detail::read_picture(paths[i], {.smallest_height = height, .smallest_width = width}, memory);
            detail::put_colours(resize_to_fill(picture, height, width), pixels.data() + i * sample_size);
        } catch (const Error& error) {
            reasons[i] = error.what();
        } catch (const std::bad_alloc&) {
            memory_lacks = true;
        }
    });
    if (memory_lacks) throw std::bad_alloc();

    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (!reasons[i].empty()) {
            loaded.broken.push_back({paths[i], reasons[i]});
            continue;
        }
        if (loaded.images.count < i)
            std::copy_n(pixels.data() + i * sample_size, sample_size,
                        pixels.data() + loaded.images.count * sample_size);
        loaded.paths.push_back(paths[i]);
        ++loaded.images.count;
    }
    const std::size_t broken = loaded.broken.size();
    if (broken > 0 && (!options.skip_broken || loaded.images.count == 0)) {
        const std::string& first = loaded.broken.front().reason;
        if (broken == 1) throw Error(first);
        throw Error(first + "; and " + std::to_string(broken - 1) + " more of the " +
                    std::to_string(paths.size()) + " pictures cannot be read");
    }
    pixels.resize(loaded.images.count * sample_size);
    loaded.images.pixels = std::move(pixels);
    return loaded;
}

}  // namespace gantry
