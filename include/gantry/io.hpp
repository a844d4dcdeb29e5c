#pragma once
// Files and data sets. Requires zlib, libpng, libjpeg-turbo, libexif, zimg, giflib and nlohmann-json: use the
// CMake target gantry::io.
#include <gantry/checkpoint/checkpoint.hpp>
#include <gantry/checkpoint/state_dict.hpp>
#include <gantry/core/images.hpp>
#include <gantry/data/batches.hpp>
#include <gantry/data/cifar10.hpp>
#include <gantry/data/idx.hpp>
#include <gantry/data/image_folder.hpp>
#include <gantry/data/mnist.hpp>
#include <gantry/io/atomic_file.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/file.hpp>
#include <gantry/io/gif.hpp>
#include <gantry/io/gzip_reader.hpp>
#include <gantry/io/image.hpp>
#include <gantry/io/image_file.hpp>
#include <gantry/io/jpeg.hpp>
#include <gantry/io/json.hpp>
#include <gantry/io/npy.hpp>
#include <gantry/io/plot.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/resize.hpp>
#include <gantry/io/safetensors.hpp>
#include <gantry/io/safetensors_file.hpp>
