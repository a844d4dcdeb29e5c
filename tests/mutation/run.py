#!/usr/bin/env python3
"""Changes gantry's sources in small ways, one at a time, and looks whether a test notices.

Use: tests/mutation/run.py [--jobs N] [--list] [AREA | AREA/NAME]...
  AREA        a file of mutants/ without .toml; by default all of them
  AREA/NAME   one mutant
A line is printed for each mutant, and last the survivors. The exit code is 0 only if there are none.

A file of mutants/ is TOML:
  tests = ["tests/cpu/test_matmul.cpp"]    of all mutants in the file
  [[mutant]]
  name = "one-row-too-many"                unique in the file
  file = "include/gantry/cpu/matmul.hpp"
  find = "row < rows"                      stands in that file exactly once
  replace = "row <= rows"
  tests = ["..."]                          of this one, in place of the file's
  compiler = true                          the compiler is to notice it: a test must not compile
A test is a file of tests/, compiled alone with g++, without optimisation. What it is linked with stands behind it:
"tests/gan/test_program.cpp examples/gan/*.cpp". "cuda: tests/ops/test_sum.cpp" runs it on the emulator of the GPU.
A mutant is killed if a test fails, crashes or takes too long. With ccache only what a mutant changes is compiled again.
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
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("include", "kernels", "examples", "tests", "docs")
COMPILE = ["g++", "-std=c++20", "-O0", "-march=native", "-w", "-Iinclude", "-Itests", "-Iexamples"]
EMULATOR = ["-I.", "-isystem", "tests/cuda_emulator/headers", "-DGANTRY_CUDA_EMULATOR", "-DGANTRY_WITH_CUDA"]
LINK = ["-lpng", "-ljpeg", "-lexif", "-lzimg", "-lgif", "-lz", "-lpthread"]
SECONDS = 120  # that a test may take


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


class Tree:
    """A copy of the sources, in which one mutant at a time is tried."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, self.folder / name)
        self.ccache = ["ccache"] if shutil.which("ccache") else []
        self.catch_main = self.folder / "catch_main.cpp"
        if pathlib.Path("/usr/include/catch2/catch.hpp").exists():
            self.catch_main.write_text("#define CATCH_CONFIG_MAIN\n#include <catch2/catch.hpp>\n")

    def compile(self, source, flags):
        """The object file of a source, or None if it does not compile."""
        target = str(source).replace("/", "_") + (".cuda.o" if flags else ".o")
        command = [*self.ccache, *COMPILE, *flags, "-c", "-x", "c++", str(source), "-o", target]
        environment = {**os.environ, "CCACHE_BASEDIR": str(self.folder), "CCACHE_NOHASHDIR": "1"}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        self.message = done.stderr
        return target if done.returncode == 0 else None

    def passes(self, test):
        """True, False, or None if it does not compile."""
        cuda = test.startswith("cuda:")
        words = test.removeprefix("cuda:").split()
        if cuda:
            words += ["kernels/*.cu", "tests/cuda_emulator/*.cpp"]
        sources = [path.relative_to(self.folder) for word in words for path in sorted(self.folder.glob(word))]
        sources = [path for path in sources if path == pathlib.Path(words[0]) or not path.name.startswith("test_")]
        if self.catch_main.exists():
            sources.append(self.catch_main.relative_to(self.folder))
        objects = [self.compile(source, EMULATOR if cuda else []) for source in sources]
        if None in objects:
            return None
        libraries = LINK if self.catch_main.exists() else ["-lCatch2Main", "-lCatch2", *LINK]
        linked = subprocess.run(["g++", *objects, "-o", "test", *libraries], cwd=self.folder, capture_output=True, text=True)
        if linked.returncode != 0:
            sys.exit(f"{test} does not link:\n{linked.stderr}")
        try:
            return subprocess.run(["./test"], cwd=self.folder, capture_output=True, timeout=SECONDS).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def try_mutant(self, mutant):
        """What became of it: "killed by ...", "SURVIVED", or why it is no mutant."""
        path = self.folder / mutant["file"]
        original = path.read_text()
        count = original.count(mutant["find"])
        if count != 1:
            return f"BROKEN: its text stands {count} times in {mutant['file']}"
        path.write_text(original.replace(mutant["find"], mutant["replace"]))
        try:
            for test in mutant["tests"]:
                passed = self.passes(test)
                if passed is None and not mutant.get("compiler"):
                    return f"BROKEN: {test} does not compile with it"
                if not passed:
                    return f"killed by {test}"
            return "SURVIVED"
        finally:
            path.write_text(original)

    def check(self, tests):
        """The tests must pass without any mutant."""
        for test in sorted(tests):
            if not self.passes(test):
                sys.exit(f"{test} fails, or does not compile, without a mutant\n{self.message}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n", 1)[1])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true")
    parser.add_argument("chosen", nargs="*")
    arguments = parser.parse_args()
    mutants = read_mutants(arguments.chosen)
    if arguments.list:
        print("\n".join(mutant["full_name"] for mutant in mutants))
        return 0

    results = {}
    with tempfile.TemporaryDirectory(prefix="gantry-mutation-") as folder:
        trees = queue.Queue()
        for job in range(arguments.jobs):
            trees.put(Tree(pathlib.Path(folder) / str(job)))

        def with_tree(action):
            tree = trees.get()
            try:
                return action(tree)
            finally:
                trees.put(tree)

        def try_one(mutant):
            results[mutant["full_name"]] = with_tree(lambda tree: tree.try_mutant(mutant))
            print(f"{mutant['full_name']:50} {results[mutant['full_name']]}", flush=True)

        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            tests = sorted({test for mutant in mutants for test in mutant["tests"]})
            list(pool.map(lambda test: with_tree(lambda tree: tree.check([test])), tests))
            list(pool.map(try_one, mutants))

    left = sorted(name for name, result in results.items() if not result.startswith("killed"))
    print(f"{len(results) - len(left)} of {len(results)} mutants were killed")
    for name in left:
        print(f"{name}: {results[name]}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
