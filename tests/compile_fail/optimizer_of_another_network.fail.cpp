// expect-gcc: cannot convert .const gantry::Gradients<[^;]*Dense<4, [^;]* to .const gantry::Gradients<
// expect-clang: no viable conversion from .const Gradients<[^;]*Dense<4,[^;]* to .const Gradients<
// expect-nvcc: conversion from .const gantry::Gradients<Discriminator>[^;]*Dense<4,[^;]* to .const gantry::Gradients<
// max-errors: 1
#include <gantry/gantry.hpp>
#include <gantry/optim/adam.hpp>

using namespace gantry;
using Generator = Network<Sequential<Dense<8, 1>>, Cpu>;
using Discriminator = Network<Sequential<Dense<4, 1>>, Cpu>;

void use(Adam<Generator>& optimizer, const Gradients<Discriminator>& gradients) { optimizer.step(gradients); }
