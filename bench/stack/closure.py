"""closure.py FROM TO PROGRAM...: copy programs from one root to another, with the shared libraries they name.

Programs may be symbolic links; scripts are copied as they are. A library that no folder has ends the build.
"""
import pathlib
import re
import shutil
import subprocess
import sys

FOLDERS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
LOADER = "lib64/ld-linux-x86-64.so.2"


def wanted(path):
    said = subprocess.run(["readelf", "-d", path], capture_output=True, text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", said)


def copy(source, target, name):
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / name, target / name)       # follows links: one file under each name


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    todo, done = [LOADER] + [name.lstrip("/") for name in sys.argv[3:]], set()
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        copy(source, target, name)
        for library in wanted(source / name):
            found = [f"{folder}/{library}" for folder in FOLDERS if (source / folder / library).exists()]
            if not found and library != pathlib.Path(LOADER).name:
                sys.exit(f"closure: {name} wants {library}, which no package has")
            todo += found[:1]


main()
