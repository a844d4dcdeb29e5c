#pragma once
#include <gantry/core/target.hpp>
#include <gantry/cpu/convolution/col2im.hpp>
#include <gantry/cpu/convolution/in_place.hpp>
#include <gantry/cpu/convolution/packed.hpp>
#include <gantry/cpu/convolution/sub_pixel.hpp>

// Forward and transposed convolutions as sums of small matrix products that stay in the caches. All geometry
// is known only at run time.
//
// `run` chooses one of four algorithms from the geometry alone, so the result is bitwise independent of the
// number of threads and of the other images in the batch:
//
// - InPlaceConvolution reads the images in place. A group of tile rows is the same pixel of several images.
// - PackedConvolution, for all other geometries with many target channels, packs a block of images as (row,
//   column, channel, image). At a given pixel, all images of the block have the same taps, so a pixel is one
//   tile of the micro-kernel, images x target channels. The tile is summed over segments: each row of taps is
//   one run of (taps x source channels) terms, in the packed source and in the packed weights. Taps outside
//   the image are never multiplied. The terms have the same order as in InPlaceConvolution, so both give the
//   same bits.
// - Col2imConvolution, for transposed convolutions with few target channels, computes the contributions of
//   each source pixel to the target and adds them up (col2im).
// - SubPixelConvolution, for all other geometries with few target channels, packs images like
//   PackedConvolution but uses them as the columns of the tile. A transposed convolution of stride s computes
//   the s x s target pixels that meet the same source pixels as one pixel with s x s times the channels, and
//   rearranges them afterwards (sub-pixel convolution, Shi et al. 2016, arXiv:1609.05158).

namespace gantry::cpu::inline GANTRY_TARGET {

/// Runs a forward or transposed convolution with the algorithm that suits its geometry.
template <class T>
void run(int threads, const ConvolutionSum<T>& sum) {
    if (InPlaceConvolution<T>::suits(sum))
        InPlaceConvolution<T>(threads, sum).run();
    else if (Col2imConvolution<T>::suits(sum))
        Col2imConvolution<T>(sum).run(threads);
    else if (fills_columns<T>(sum.target_channels))
        PackedConvolution<T>(threads, sum).run();
    else
        SubPixelConvolution<T>(threads, sum).run();
}

}  // namespace gantry::cpu::inline GANTRY_TARGET
