#pragma once
#include <gantry/contracts/convolution.hpp>
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/row_tiles.hpp>
#include <gantry/cpu/convolution/taps.hpp>
#include <gantry/cpu/gemm/micro_kernel.hpp>
#include <gantry/cpu/gemm/pack.hpp>
#include <gantry/cpu/simd/sum.hpp>
#include <gantry/cpu/threads/parallel.hpp>
#include <gantry/cpu/threads/scratch.hpp>

#include <algorithm>
#include <cstddef>

namespace gantry::cpu::inline GANTRY_TARGET {

/// Gradient with respect to the weights: for each tap, the product of (input channels x pixels) and (pixels x
/// output channels) over the pixel pairs that the tap connects, in all images.
///
/// Blocks of images are packed with the image as the innermost index of the pixels: x as (row, place, image,
/// input channel), y as (panel of output channels, row, column, image, channel within the panel). Places are
/// the columns reordered such that those of one phase of the stride are contiguous. So the pixels that a tap
/// connects within a row form one segment of (columns x images) terms, and pixels outside the image are never
/// multiplied.
template <class T>
class WeightGradient {
public:
    explicit WeightGradient(const contracts::ConvolutionWeightGradientParameters<T>& parameters)
        : p_(parameters),
          g_(parameters.geometry),
          vertical_(g_.vertical, false),
          horizontal_(g_.horizontal, false),
          channels_(size(g_.in_channels)),
          columns_(size(g_.out_channels)),
          tiles_(channels_),
          stride_(size(g_.horizontal.stride)),
          in_phase_((horizontal_.sources() + stride_ - 1) / stride_),
          places_(in_phase_ * stride_),
          panels_((columns_ + panel_width - 1) / panel_width) {}

    void run(int threads) {
        // The batch is split into groups, which are distributed over the threads, and groups into blocks.
        // Both splits depend on the geometry alone, since they determine the rounding of the sums. If there
        // are more threads than groups, threads also divide the pieces of w.
        const std::size_t batch = size(g_.batch), w_size = g_.w_size();
        const std::size_t groups =
            std::min(batch, std::clamp<std::size_t>(group_bytes / sizeof(T) / w_size, 1, most_groups));
        const std::size_t pieces = tiles_.count() * panels_ * taps();
        T* const sums = groups > 1 ? scratch<T, 1>(groups * w_size) : p_.w;
        const bool add_to_sums = groups == 1 && p_.accumulate;
        parallel(threads, [&](int thread, int count) {
            const auto share = [](std::size_t all, std::size_t i, std::size_t of) { return all * i / of; };
            const std::size_t i = size(thread), all = size(count);
            const std::size_t by_groups = std::min(groups, all),
                              by_pieces = std::min(pieces, all / by_groups);
            if (i >= by_groups * by_pieces) return;
            const std::size_t j = i / by_pieces, k = i % by_pieces;
            Part part = part_of(share(pieces, k, by_pieces), share(pieces, k + 1, by_pieces));
            for (std::size_t g = share(groups, j, by_groups); g < share(groups, j + 1, by_groups); ++g)
                add_up(part, share(batch, g, groups), share(batch, g + 1, groups), sums + g * w_size,
                       add_to_sums);
        });
        if (groups > 1) add_groups(threads, groups, w_size, sums, p_.w, p_.accumulate);
    }

private:
    static constexpr std::size_t panel_width = tile_width * lanes<T>;
    static constexpr std::size_t block_bytes = 524288;  // stays in the L2 cache
    static constexpr std::size_t most_groups = 2, group_bytes = 262144;

    struct Block {
        std::size_t first, images;  ///< first image of the block, and their number
        T* w;
        bool add_to_w;
    };

    /// A thread's share: pieces (tile, panel, tap) of w, and the operands packed for them. Each thread packs
    /// what it needs: packing some of it twice costs less than synchronising and fetching it from another
    /// core.
    struct Part {
        std::size_t first = 0, last = 0;             ///< range of pieces
        std::size_t channel = 0, channel_count = 0;  ///< range of input channels of these pieces
        std::size_t panel = 0, panel_end = 0;        ///< range of panels of output channels
        std::size_t x_step = 0, y_width = 0;         ///< elements packed per pixel, in whole vectors
        T* x = nullptr;
        T* y = nullptr;
    };

    static std::size_t size(int n) { return static_cast<std::size_t>(n); }
    std::size_t taps() const { return vertical_.size() * horizontal_.size(); }
    std::size_t x_pixels() const { return vertical_.sources() * places_; }
    std::size_t y_pixels() const { return vertical_.targets() * horizontal_.targets(); }
    std::size_t panel_columns(std::size_t panel) const {
        return std::min(panel_width, columns_ - panel * panel_width);
    }

    Part part_of(std::size_t first, std::size_t last) const {
        const std::size_t tile = first / (panels_ * taps()), last_tile = (last - 1) / (panels_ * taps());
        Part part;
        part.first = first;
        part.last = last;
        part.channel = tiles_.begin(tile);
        part.panel_end = panels_;
        part.channel_count = tiles_.begin(last_tile) + tiles_.height(last_tile) - part.channel;
        part.x_step = whole_vectors<T>(part.channel_count);
        if (tile == last_tile) {
            part.panel = first / taps() % panels_;
            part.panel_end = (last - 1) / taps() % panels_ + 1;
        }
        part.y_width =
            whole_vectors<T>(std::min(columns_, part.panel_end * panel_width) - part.panel * panel_width);
        return part;
    }

    /// Computes the part's pieces of w: [w +] the sum over images [first, last).
    void add_up(Part& part, std::size_t first, std::size_t last, T* w, bool add_to_w) const {
        const std::size_t images = last - first;
        const std::size_t bytes = (x_pixels() * channels_ + y_pixels() * columns_) * sizeof(T);
        const std::size_t blocks = std::min(images, (images * bytes + block_bytes - 1) / block_bytes);
        const std::size_t most = (images + blocks - 1) / blocks;
        part.x = scratch<T>(most * (x_pixels() * part.x_step + y_pixels() * part.y_width));
        part.y = part.x + most * x_pixels() * part.x_step;
        for (std::size_t b = 0; b < blocks; ++b) {
            const std::size_t begin = first + images * b / blocks, end = first + images * (b + 1) / blocks;
            const Block block{begin, end - begin, w, add_to_w || b > 0};
            pack_x(part, block);
            pack_y(part, block);
            for (std::size_t i = part.first; i < part.last; ++i) multiply(part, block, i);
        }
    }

    void pack_x(const Part& part, const Block& block) const {
        const std::size_t row_size = horizontal_.sources() * channels_,
                          image = vertical_.sources() * row_size;
        const T* const end = p_.x + size(g_.batch) * image;
        for (std::size_t row = 0; row < vertical_.sources(); ++row)
            for (std::size_t column = 0; column < horizontal_.sources(); ++column) {
                const std::size_t place = column % stride_ * in_phase_ + column / stride_;
                const T* const from =
                    p_.x + block.first * image + row * row_size + column * channels_ + part.channel;
                pack(Operand<T>{from, end, image, false}, block.images, part.channel_count,
                     part.x + (row * places_ + place) * block.images * part.x_step, part.x_step);
            }
    }
    void pack_y(const Part& part, const Block& block) const {
        const std::size_t image = y_pixels() * columns_;
        const T* const end = p_.y + size(g_.batch) * image;
        for (std::size_t panel = part.panel; panel < part.panel_end; ++panel) {
            const std::size_t width = panel_columns(panel), step = whole_vectors<T>(width);
            T* const to = panel_begin(part, block, panel);
            for (std::size_t pixel = 0; pixel < y_pixels(); ++pixel)
                pack(Operand<T>{p_.y + block.first * image + pixel * columns_ + panel * panel_width, end,
                                image, false},
                     block.images, width, to + pixel * block.images * step, step);
        }
    }
    T* panel_begin(const Part& part, const Block& block, std::size_t panel) const {
        return part.y + (panel - part.panel) * panel_width * y_pixels() * block.images;
    }

    /// Computes piece `piece` of w: [w +] the block's sum.
    void multiply(const Part& part, const Block& block, std::size_t piece) const {
        const std::size_t tap = piece % taps(), panel = piece / taps() % panels_;
        const std::size_t tile = piece / taps() / panels_;
        const std::size_t width = panel_columns(panel), step = whole_vectors<T>(width);
        const std::size_t v = tap / horizontal_.size(), h = tap % horizontal_.size();
        // The range of columns that horizontal tap h connects.
        std::size_t out = 0, place = 0, joined = 0;
        for (std::size_t o = 0; o < horizontal_.targets(); ++o) {
            const TapRun run = horizontal_.at(o);
            if (h < run.tap || h >= run.tap + run.count || joined++ > 0) continue;
            const std::size_t in = run.pixel + (h - run.tap) * horizontal_.step();
            out = o;
            place = in % stride_ * in_phase_ + in / stride_;
        }
        Segment* const segments = scratch<Segment, 1>(vertical_.targets());
        std::size_t count = 0;
        for (std::size_t o = 0; joined > 0 && o < vertical_.targets(); ++o) {
            const TapRun run = vertical_.at(o);
            if (v < run.tap || v >= run.tap + run.count) continue;
            const std::size_t in = run.pixel + (v - run.tap) * vertical_.step();
            segments[count++] = {(in * places_ + place) * block.images * part.x_step,
                                 (o * horizontal_.targets() + out) * block.images * step,
                                 joined * block.images};
        }
        const TileSum<T> sum{.segments = {segments, count},
                             .a = part.x,
                             .a_step = part.x_step,
                             .b = panel_begin(part, block, panel),
                             .b_step = step};
        multiply_tiles(tiles_, tile, tile + 1, sum, part.channel, width,
                       block.w + tap * channels_ * columns_ + panel * panel_width, columns_, block.add_to_w);
    }

    const contracts::ConvolutionWeightGradientParameters<T>& p_;
    const contracts::ConvolutionGeometry& g_;
    AxisTaps vertical_, horizontal_;
    std::size_t channels_, columns_;
    RowTiles tiles_;
    std::size_t stride_, in_phase_, places_, panels_;
};

}  // namespace gantry::cpu::inline GANTRY_TARGET
