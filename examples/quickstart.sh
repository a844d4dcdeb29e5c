#!/usr/bin/env bash
# Trains a GAN on Fashion-MNIST, starting from a bare Debian 12: installs missing packages, builds, trains.
# Use: examples/quickstart.sh [ARGUMENT...]
# All arguments are passed to gan_mnist_mlp. The most useful ones:
#   --recipe fluxgan|goodfellow|tejpalv   networks and how they are trained
#   --data FOLDER                         another data set in the same format, such as MNIST
#   --iterations N, --threads N, --seed N, --out FOLDER
# After the first run, build/examples/examples/gan_mnist_mlp --help lists them all.
set -euo pipefail

own_data=
out=
arguments=("$@")
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help)
            sed -n '2,8s/^# //p' "$0"
            exit 0
            ;;
        --data | --data=*) own_data=yes ;;
        --out) out=${2:-} ;;
        --out=*) out=${1#*=} ;;
    esac
    shift
done

here=$(cd "$(dirname "$0")/.." && pwd)
packages=(g++ cmake ninja-build zlib1g-dev libpng-dev libjpeg62-turbo-dev libexif-dev libzimg-dev libgif-dev
    nlohmann-json3-dev libcli11-dev)
if [ -z "$own_data" ]; then
    packages+=(dataset-fashion-mnist)
    arguments=(--data /usr/share/datasets/fashion-mnist "${arguments[@]}")
fi
if [ -z "$out" ]; then
    out=$PWD/runs/$(date +%Y-%m-%d-%H%M%S)
    arguments+=(--out "$out")
fi

"$here/.ci/install-packages" "${packages[@]}"
(
    cd "$here"
    cmake --preset examples -D GANTRY_EIGEN_EXAMPLES= >/dev/null
    cmake --build --preset examples --target gan_mnist_mlp --parallel "$(.ci/jobs)"
)
code=0
"$here/build/examples/examples/gan_mnist_mlp" "${arguments[@]}" || code=$?
[ ! -d "$out" ] || echo "The images are in $out"
exit "$code"
