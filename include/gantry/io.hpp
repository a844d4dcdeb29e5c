#pragma once
// Files and data sets. They need zlib, libpng, giflib and nlohmann-json: the CMake target gantry::io.
#include <gantry/data/batches.hpp>
#include <gantry/data/idx.hpp>
#include <gantry/data/images.hpp>
#include <gantry/data/mnist.hpp>
#include <gantry/io/atomic_file.hpp>
#include <gantry/io/checkpoint.hpp>
#include <gantry/io/csv.hpp>
#include <gantry/io/file.hpp>
#include <gantry/io/gif.hpp>
#include <gantry/io/gzip_reader.hpp>
#include <gantry/io/picture.hpp>
#include <gantry/io/plot.hpp>
#include <gantry/io/png.hpp>
#include <gantry/io/safetensors.hpp>
