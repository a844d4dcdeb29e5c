#pragma once
#include <gantry/cpu/convolution/col2im.hpp>
#include <gantry/cpu/convolution/in_place.hpp>
#include <gantry/cpu/convolution/packed.hpp>
#include <gantry/cpu/convolution/sub_pixel.hpp>

// Forward and transposed convolutions as products of small matrices that stay in the caches. The geometry is
// known at run time only.
//
// `run` chooses one of four algorithms by the geometry alone, so that the result's bits depend neither on the
// number of threads nor on the other images of the batch:
//
// - InPlaceConvolution reads the images in place, in groups of the same pixel of a few images.
// - PackedConvolution, for all other geometries with many target channels, packs a block of images as (row,
//   column, channel, image). At a pixel all images of the block have the same taps, so a pixel is one tile of
//   the micro-kernel, images x target channels. The tile is summed over segments: each row of taps is one run
//   of (taps x source channels) terms, in the packed source and in the packed weights. Taps outside the image
//   are never multiplied. Terms have the same order as in InPlaceConvolution, so results have the same bits.
// - Col2imConvolution, for transposed convolutions to few channels, computes what each source pixel
//   contributes to the target, and adds the contributions.
// - SubPixelConvolution, for all others with few target channels, packs images as PackedConvolution does, but
//   they are the columns of the tile. A transposed convolution of stride s computes the s x s target pixels
//   that meet the same source pixels as one pixel with s x s times as many channels, and spreads them
//   afterwards (sub-pixel convolution, Shi et al. 2016, arXiv:1609.05158).

namespace gantry::cpu {

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

}  // namespace gantry::cpu
