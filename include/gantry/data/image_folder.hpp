#pragma once
#include <gantry/core/error.hpp>
#include <gantry/core/images.hpp>
#include <gantry/cpu/device.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/io/file.hpp>
#include <gantry/io/image.hpp>
#include <gantry/io/jpeg.hpp>
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
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace gantry {

namespace io {
/// Options of load_image_folder.
struct ImageFolderOptions {
    int height = 64;  ///< of each loaded image, in pixels, from 1 to 4096
    int width = 64;   ///< of each loaded image, in pixels, from 1 to 4096
    /// Skips files that are unreadable or damaged. Otherwise they are an Error.
    bool skip_broken = false;
};
}  // namespace io

/// Images loaded from a folder, and the files that were skipped.
struct ImageFolder {
    /// A file that could not be read, and the reason.
    struct Broken {
        std::filesystem::path path;  ///< of the file
        std::string reason;          ///< one line
    };

    Images images;                             ///< (height, width, 3)
    std::vector<std::filesystem::path> paths;  ///< of each image
    std::vector<Broken> broken;                ///< skipped: see skip_broken
    /// Number of files in other image formats, by lower-case extension (".webp"). They are not read.
    std::map<std::string, std::size_t> other_formats;
};

namespace detail {
/// The file name's extension with its dot, in lower case.
inline std::string small_ending(const std::filesystem::path& path) {
    std::string ending = path.extension().string();
    for (char& letter : ending)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return ending;
}

/// Finds image files in a folder and its subfolders; follows symbolic links.
class ImageFinder {
public:
    std::vector<std::filesystem::path> images;  ///< sorted by path
    std::map<std::string, std::size_t> other_formats;

    explicit ImageFinder(const std::filesystem::path& folder) {
        search(folder);
        std::sort(images.begin(), images.end());
    }

private:
    void search(const std::filesystem::path& folder) {
        // Links may form cycles, and several may point to the same folder.
        struct stat status{};
        if (::stat(folder.c_str(), &status) != 0) io::fail_file("read", folder, errno);
        if (!searched_.insert({status.st_dev, status.st_ino}).second) return;

        // Sorted, so that of two paths to the same folder the same one is always used.
        std::vector<std::filesystem::path> paths;
        std::error_code error;
        std::filesystem::directory_iterator entry(folder, error);
        for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error))
            paths.push_back(entry->path());
        if (error) io::fail_file("read", folder, error.value());
        std::sort(paths.begin(), paths.end());
        for (const std::filesystem::path& path : paths) add(path);
    }

    void add(const std::filesystem::path& path) {
        // Skips hidden files and folders: desktops keep thumbnails and metadata there, under the same names.
        if (path.filename().string().starts_with('.')) return;
        std::error_code error;
        if (std::filesystem::is_directory(path, error)) return search(path);
        const std::string ending = small_ending(path);
        if (std::ranges::find(read_endings, ending) != read_endings.end())
            images.push_back(path);
        else if (std::ranges::find(other_endings, ending) != other_endings.end())
            ++other_formats[ending];
    }

    static constexpr std::array<std::string_view, 5> read_endings{".png", ".jpg", ".jpeg", ".jpe", ".jfif"};
    static constexpr std::array<std::string_view, 16> other_endings{
        ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif",
        ".jxl",  ".jp2", ".ppm", ".pgm", ".pnm",  ".tga",  ".svg",  ".ico"};

    std::set<std::pair<dev_t, ino_t>> searched_;
};

/// Reads a PNG or JPEG. The first bytes decide the format, since extensions are often wrong.
inline io::Image read_image(const std::filesystem::path& path, const io::ReadJpegOptions& options,
                            io::DecodingMemory& memory) {
    io::File file(path, io::File::Mode::read);
    std::string start(std::min<std::size_t>(file.size(), 12), '\0');
    file.read(std::as_writable_bytes(std::span(start)));
    if (start.starts_with("\x89P")) return io::decode_png(path, memory);
    if (start.starts_with("\xFF\xD8")) return io::decode_jpeg(path, options, memory);
    const bool webp = start.starts_with("RIFF") && start.ends_with("WEBP");
    const std::string format = webp                        ? "a WebP"
                               : start.starts_with("GIF8") ? "a GIF"
                               : start.starts_with("BM")   ? "a BMP"
                                                           : "";
    fail("load_image_folder",
         path.string() + (format.empty() ? " is neither PNG nor JPEG: remove it from the folder"
                                         : " is " + format + ", not PNG or JPEG: convert it"));
}
}  // namespace detail

namespace io {
/// "12 .webp, 3 .gif"; empty if `files` is.
inline std::string list_formats(const std::map<std::string, std::size_t>& files) {
    std::string text;
    for (const auto& [ending, count] : files)
        text += (text.empty() ? "" : ", ") + std::to_string(count) + ' ' + ending;
    return text;
}
}  // namespace io

namespace detail {
/// Calls action(i) for i = 0, ..., count - 1 on all cores.
template <class Action>
void for_each_on_all_cores(std::size_t count, const Action& action) {
    std::atomic<std::size_t> next = 0;
    cpu::parallel(cpu::available_cores(), [&](int, int) {
        for (std::size_t i = next++; i < count; i = next++) action(i);
    });
}

/// Writes an image's pixels as RGB; grey is repeated in all channels.
inline void put_colours(const io::Image& image, std::uint8_t* to) {
    const auto channels = static_cast<std::size_t>(image.channels);
    for (std::size_t pixel = 0; pixel < image.pixels.size(); pixel += channels)
        for (const std::size_t c : {0, 1, 2}) *to++ = image.pixels[pixel + std::min(c, channels - 1)];
}
}  // namespace detail

/// Loads a folder of PNG and JPEG files of any size as RGB images (height, width, 3), each centre-cropped and
/// resized (see resize_to_fill). Reads all files with the extension .png, .jpg, .jpeg, .jpe or .jfif in any
/// case, sorted by path, in subfolders and through symbolic links too (each folder once); skips hidden ones.
/// EXIF orientation is applied, grey is converted to RGB, and transparency is composited over white: see
/// read_png and read_jpeg. Decodes on all cores. Errors: a folder without image files; unless skip_broken,
/// unreadable or damaged files (the message has the first one and their number); with it, no readable file.
inline ImageFolder load_image_folder(const std::filesystem::path& folder,
                                     const io::ImageFolderOptions& options = {}) {
    const int height = options.height, width = options.width;
    if (height < 1 || width < 1 || height > 4096 || width > 4096)
        fail("load_image_folder", "height and width must be from 1 to 4096", height, " x ", width);
    detail::ImageFinder found(folder);
    const std::vector<std::filesystem::path>& paths = found.images;
    if (paths.empty()) {
        const std::string others = io::list_formats(found.other_formats);
        fail("load_image_folder",
             "no image in " + folder.string() + ": it must have files that end in .png, .jpg or .jpeg" +
                 (others.empty() ? "" : "; it has others (" + others + "): convert them"));
    }

    ImageFolder loaded{{0, height, width, 3, {}}, {}, {}, std::move(found.other_formats)};
    const std::size_t sample_size = loaded.images.sample_size();
    std::vector<std::uint8_t> pixels(paths.size() * sample_size);
    std::vector<std::string> reasons(paths.size());  // empty: the file was read
    detail::for_each_on_all_cores(paths.size(), [&](std::size_t i) {
        try {
            io::DecodingMemory memory;
            const io::Image image =
                detail::read_image(paths[i], {.smallest_height = height, .smallest_width = width}, memory);
            detail::put_colours(resize_to_fill(image, height, width), pixels.data() + i * sample_size);
        } catch (const Error& error) {
            reasons[i] = error.what();
        }
    });

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
                    std::to_string(paths.size()) + " images cannot be read");
    }
    pixels.resize(loaded.images.count * sample_size);
    loaded.images.pixels = std::move(pixels);
    return loaded;
}

}  // namespace gantry
