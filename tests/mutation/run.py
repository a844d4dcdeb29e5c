#!/usr/bin/env python3
"""Mutation tests: changes gantry's sources in small ways, one at a time, and checks that a test fails.

Use: tests/mutation/run.py [--jobs N] [--check] [AREA | AREA/NAME]...
  AREA        a file of mutants/ without .toml; by default all of them
  AREA/NAME   one mutant
  --check     compile nothing: only check that each mutant still fits the sources
Prints a line per mutant, and the survivors last. The exit code is 0 only if there are none.

A file of mutants/ is TOML:
  tests = ["tests/cpu/test_matmul.cpp"]    default for all mutants in the file
  [[mutant]]
  name = "one-row-too-many"                unique in the file
  file = "include/gantry/cpu/gemm/matmul.hpp"
  find = "row < rows"                      must occur in that file exactly once
  replace = "row <= rows"
  tests = ["..."]                          overrides the file's default
  compiler = true                          a test must not compile with the mutant
A test is a file of tests/, compiled alone without optimisation, by clang 19 if it is installed, since it is
faster. Further sources to link follow the file: "tests/gan/test_program.cpp examples/program/*.cpp".
"cuda: tests/ops/test_sum.cpp" runs the test on the emulator of the GPU. A mutant is killed if a test fails,
crashes or times out.
"""

import argparse
import concurrent.futures
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("include", "kernels", "examples", "tests", "docs")
COMPILE = ["-std=c++20", "-w", "-pthread", "-I.", "-Iinclude", "-Itests", "-Iexamples", "-isystem/usr/include/eigen3", "-DGANTRY_TEST_MUTANT"]
COMPILE += [f'-DGANTRY_TEST_IO_FOLDER="{ROOT}/tests/io"', f'-DGANTRY_CHECKPOINT_FOLDER="{ROOT}/tests/checkpoint"',
            f'-DGANTRY_NETWORKS_FOLDER="{ROOT}/tests/networks"']
COMPILE += [f'-DGANTRY_KERNELS="{ROOT}/kernels"', '-DGANTRY_EXAMPLES="."']
CPU = [shutil.which("clang++-19") or "g++", "-march=native", "-DGANTRY_TEST_SANITIZERS"]  # the only device is Cpu
EMULATOR = ["g++", "-mfma", "-isystem", "tests/cuda_emulator/headers", "-DGANTRY_CUDA_EMULATOR", "-DGANTRY_WITH_CUDA"]
BUILDS = {
    "cpu": [*CPU, "-O0"],
    "cpu_loops": [*CPU, "-O1"],  # tests for which optimising pays off
    "emulator": [*EMULATOR, "-O0"],
    # As "races" in tests/cuda_emulator/CMakeLists.txt.
    "kernels": [*EMULATOR, "-O1", "-fsanitize=thread", "-ffp-contract=fast", "-fexpensive-optimizations"],
}
LINK = ["-lpng", "-ljpeg", "-lexif", "-lzimg", "-lgif", "-lz", "-pthread"]
# Parsing these takes half of the compile time of most tests.
PRECOMPILED = "support/catch.hpp cmath filesystem functional map optional ranges set span sstream thread vector".split()


def read_mutants(chosen):
    mutants = []
    for path in sorted((ROOT / "tests/mutation/mutants").glob("*.toml")):
        contents = tomllib.loads(path.read_text())
        for mutant in contents["mutant"]:
            full_name = f"{path.stem}/{mutant['name']}"
            if not chosen or path.stem in chosen or full_name in chosen:
                mutants.append({"tests": contents.get("tests", []), **mutant, "full_name": full_name})
    names = [mutant["full_name"] for mutant in mutants]
    if len(names) != len(set(names)):
        sys.exit("two mutants have one name: " + ", ".join(sorted({n for n in names if names.count(n) > 1})))
    unknown = [word for word in chosen if not any(n == word or n.startswith(word + "/") for n in names)]
    if unknown:
        sys.exit("no such area or mutant: " + ", ".join(unknown))
    return mutants


def fault_of(mutant):
    """The reason why a mutant does not fit the sources, or None."""
    missing = [word for test in mutant["tests"] for word in test.removeprefix("cuda:").split() if not list(ROOT.glob(word))]
    if missing or not mutant["tests"]:
        return f"there is no test {', '.join(missing)}"
    if not (ROOT / mutant["file"]).exists():
        return f"there is no {mutant['file']}"
    count = (ROOT / mutant["file"]).read_text().count(mutant["find"])
    return None if count == 1 else f"its text stands {count} times in {mutant['file']}"


class Tree:
    """A copy of the sources in which tests are compiled."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, self.folder / name)
        (self.folder / "include/gantry/kernels").symlink_to(self.folder / "kernels")
        (self.folder / "precompiled.hpp").write_text("".join(f"#include <{name}>\n" for name in PRECOMPILED))
        has_version_2 = pathlib.Path("/usr/include/catch2/catch.hpp").exists()
        main = "#define CATCH_CONFIG_MAIN\n#include <catch2/catch.hpp>\n" if has_version_2 else ""
        self.libraries = LINK if has_version_2 else ["-lCatch2Main", "-lCatch2", *LINK]
        (self.folder / "catch_main.cpp").write_text(main)

    def run(self, command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        self.message = done.stderr
        return done.returncode == 0

    def precompiled(self, build):
        header = build + ".hpp"
        if not (self.folder / (header + ".gch")).exists():
            self.run([*BUILDS[build], *COMPILE, "-x", "c++-header", "precompiled.hpp", "-o", header + ".gch"])
        return header

    def sources_of(self, test):
        """The sources of a test, each with its build."""
        cuda = test.startswith("cuda:")
        words = test.removeprefix("cuda:").split()
        build = "emulator" if cuda else "cpu_loops" if test.startswith("tests/cpu/") else "cpu"
        found = [(path, build) for word in words for path in sorted(self.folder.glob(word))]
        if cuda:
            kernels = [*self.folder.glob("kernels/*.cu"), *self.folder.glob("tests/cuda/*.cu")]
            emulator = [p for p in self.folder.glob("tests/cuda_emulator/*.cpp") if not p.name.startswith("test_")]
            found += [(path, "kernels") for path in kernels] + [(path, "emulator") for path in emulator]
        found.append((self.folder / "catch_main.cpp", "cpu"))
        return [(str(path.relative_to(self.folder)), build) for path, build in found]

    def compile(self, source, build, ending):
        """The object file of a source and the files that it depends on, or None if it does not compile."""
        target = self.folder / (source.replace("/", "_") + "." + build + ending)
        header = ["-include", self.precompiled(build)] if source.startswith("tests/") and build != "kernels" else []
        command = [*BUILDS[build], *COMPILE, *header, "-MMD", "-MF", "dependencies", "-c", "-x", "c++", source, "-o", str(target)]
        if not self.run(command):
            return None
        return target, set((self.folder / "dependencies").read_text().split())

    def passes(self, test, objects, seconds):
        if not self.run(["g++", *map(str, objects), "-o", "test", *self.libraries]):
            sys.exit(f"{test} does not link:\n{self.message}")
        of_all_devices = test.startswith("cuda:") and "tests/cuda" not in test
        command = ["./test", "--abort", *(["* - Cuda"] if of_all_devices else [])]
        try:
            return subprocess.run(command, cwd=self.folder, capture_output=True, timeout=seconds).returncode == 0
        except subprocess.TimeoutExpired:
            return False


class Suite:
    """The tests compiled from the original sources, once."""

    def __init__(self):
        self.objects = {}  # (source, build) -> object file and dependencies
        self.seconds = {}  # test -> time limit for a mutant

    def add_source(self, tree, source, build):
        self.objects[source, build] = tree.compile(source, build, ".o")
        if not self.objects[source, build]:
            sys.exit(f"{source} does not compile without a mutant:\n{tree.message}")

    def add_test(self, tree, test):
        objects = [self.objects[source, build][0] for source, build in tree.sources_of(test)]
        begin = time.monotonic()
        if not tree.passes(test, objects, 600):
            sys.exit(f"{test} fails without a mutant")
        self.seconds[test] = 30 + 10 * (time.monotonic() - begin)

    def try_mutant(self, tree, mutant):
        """The result: "killed by ...", "SURVIVED", or why the mutant is invalid."""
        path = tree.folder / mutant["file"]
        original = path.read_text()
        path.write_text(original.replace(mutant["find"], mutant["replace"]))
        try:
            for test in mutant["tests"]:
                objects = []
                touched = False
                for source, build in tree.sources_of(test):
                    built = self.objects[source, build]
                    if mutant["file"] in built[1]:
                        touched = True
                        built = tree.compile(source, build, ".mutant.o")
                        if not built:
                            return f"killed by {test}" if mutant.get("compiler") else f"DOES NOT COMPILE: {tree.message[:500]}"
                    objects.append(built[0])
                if not touched:
                    return f"NOT IN {test}"
                if not tree.passes(test, objects, self.seconds[test]):
                    return f"killed by {test}"
            return "SURVIVED"
        finally:
            path.write_text(original)


def run(mutants, jobs):
    """The result of each mutant, by its name."""
    results = {}
    suite = Suite()
    with tempfile.TemporaryDirectory(prefix="gantry-mutation-") as folder, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        trees = queue.Queue()

        def for_each(items, action):
            def with_tree(item):
                tree = trees.get()
                try:
                    return action(tree, item)
                finally:
                    trees.put(tree)

            list(pool.map(with_tree, items))

        def try_one(tree, mutant):
            name = mutant["full_name"]
            results[name] = suite.try_mutant(tree, mutant)
            print(f"{name:50} {results[name]}", flush=True)

        for tree in pool.map(Tree, [pathlib.Path(folder) / str(job) for job in range(jobs)]):
            trees.put(tree)
        tests = sorted({test for mutant in mutants for test in mutant["tests"]})
        sources = sorted({source for test in tests for source in tree.sources_of(test)})
        for_each(sources, lambda tree, source: suite.add_source(tree, *source))
        for_each(tests, suite.add_test)
        for_each(mutants, try_one)
    return results


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--check", action="store_true")
    parser.add_argument("chosen", nargs="*")
    arguments = parser.parse_args()
    mutants = read_mutants(arguments.chosen)
    faults = {mutant["full_name"]: fault for mutant in mutants if (fault := fault_of(mutant))}
    if faults:
        sys.exit("\n".join(f"{name}: {fault}" for name, fault in faults.items()))
    if arguments.check:
        print(f"{len(mutants)} mutants fit the sources")
        return 0
    results = run(mutants, arguments.jobs)
    left = {name: result for name, result in sorted(results.items()) if not result.startswith("killed")}
    print(f"{len(results) - len(left)} of {len(results)} mutants were killed")
    for name, result in left.items():
        print(f"{name}: {result}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
