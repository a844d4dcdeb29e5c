#!/usr/bin/env python3
"""Checks the rules for namespaces in docs/design.md: gantry:: holds the names that users write, and a folder's `detail` is
used in that folder only.

Usage: names.py [--list]    --list also prints the names in gantry::
It relies on the layout that clang-format gives the sources.
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_NAMES = 266
NOT_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|^[ ]*\#(?:[^\n\\]|\\.)*|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])+'""", re.S | re.M
)
NAMESPACE = re.compile(r"(inline )?namespace ([\w: ]*)\{$")
NO_NAME = re.compile(r"(?:template|requires|public|private|protected|static_assert|friend|using namespace)\b|[}>)]")
TYPE = re.compile(r"(?:struct|class|enum class|enum|union|using|concept) (?:\[\[\w+\]\] )?(\w+)(?!\w| ?<|::)")
FUNCTION = re.compile(r"(?:^|[ *&])(operator ?[^\w\s(]+|\w+)\(")
VARIABLE = re.compile(r" (\w+)(?:\[\w*\])*(?: =|;|\{|$)")


def code_of(path):
    """The text of a source without comments, literals and preprocessor directives."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), path.read_text())


def read(path):
    """Yields (namespace, line) of a source. Inline namespaces are left out. A line that is not part of a
    declaration's body, nor indented, is preceded by a '|'."""
    namespaces, depth = [], 0
    for line in code_of(path).splitlines():
        line = line.rstrip()
        outside = depth == len(namespaces)
        if match := NAMESPACE.match(line):
            names = [] if match[1] else re.sub(r"(::)?inline \w+", "", match[2]).strip().split("::")
            namespaces.append(names)
            depth += 1
            continue
        where = "::".join(name for names in namespaces for name in names)
        yield where, ("|" if outside and line[:1].strip() else "") + line
        depth += line.count("{") - line.count("}")
        if depth < len(namespaces):
            namespaces.pop()


def name_of(line):
    """The name that a line declares, or None: a specialisation, a member's definition, or no declaration."""
    if "> struct " in line:  # behind its template parameters
        line = line[line.index("> struct ") + 2 :]
    if NO_NAME.match(line):
        return None
    if match := TYPE.match(line):
        return match[1]
    head = line.split(" = ")[0]
    match = FUNCTION.search(head) if "(" in head else VARIABLE.search(line)
    return match[1].replace(" ", "") if match else None


def folder_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[2] if parts[0] == "include" and len(parts) > 3 else parts[0]


sources = [path for folder in ("include", "kernels", "examples", "bench") for path in sorted((ROOT / folder).rglob("*.[hc]*"))]
sources = [path for path in sources if path.suffix in (".hpp", ".cpp", ".cu", ".cuh")]
names = collections.defaultdict(set)  # namespace: its names
owners = collections.defaultdict(set)  # name in a `detail`: the folders that declare it
shared = set()  # names in gantry::detail, which others' gantry::detail could use without naming it
for path in sources:
    if path.suffix not in (".hpp", ".cuh"):
        continue
    for namespace, line in read(path):
        if (line.startswith("|") or "> struct " in line) and (name := name_of(line.lstrip("|"))):
            names[namespace].add(name)
            if namespace.endswith("::detail"):
                owners[name].add(folder_of(path))
            if namespace == "gantry::detail":
                shared.add(name)

errors = []
users = sorted(names["gantry"])
if "--list" in sys.argv:
    print(*users)
    print(f"{len(users)} names in gantry::")
if len(users) > MOST_NAMES:
    errors.append(
        f"gantry:: holds {len(users)} names, more than {MOST_NAMES}: put those that users do not write into core, "
        "contracts, ops, layers, optim, io or diagnosis (names.py --list prints them)"
    )
for path in sources:
    folder = folder_of(path)
    code = code_of(path)
    own = set(re.findall(r"\b(?:class|typename) (\w+)", code) + re.findall(r"(?<!return)(?<=[\w>&*]) ([a-z_]\w*)", code))
    for namespace, line in read(path):
        used = re.findall(r"\bdetail::(\w+)", line)
        if namespace == "gantry::detail":
            words = re.findall(r"(?<![\w.:>])([A-Z]\w+|\w+(?=[(<]))", line)
            used += [word for word in words if word in shared and word not in own]
        for name in used:
            if owners[name] and folder not in owners[name]:
                errors.append(
                    f"{path.relative_to(ROOT)}: uses detail::{name} of {'/, '.join(sorted(owners[name]))}/; move {name} from "
                    "`detail` to the namespace that docs/design.md names for its folder"
                )
sys.exit("\n".join(errors) or 0)
