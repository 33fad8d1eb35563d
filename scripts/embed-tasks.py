#!/usr/bin/env python3
"""Writes the task files of Sources/Jobs/Evaluation/Tasks as Swift string literals, so that the one binary has them.

    scripts/embed-tasks.py          rewrites Sources/Jobs/Evaluation/Definitions/Embedded
    scripts/embed-tasks.py --check  ends with 1 when a literal is not what the files say
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Sources/Jobs/Evaluation"
WIDTH = 112


def wrapped(line):
    """The line in pieces of at most WIDTH columns, each but the last ended by a backslash."""
    pieces = []
    while len(line) > WIDTH:
        # Blanks at a piece's end would be lost on people, not on Swift; break before one.
        cut = line.rfind(" ", 40, WIDTH)
        cut = WIDTH if cut < 0 else cut
        pieces.append(line[:cut] + "\\#")
        line = line[cut:]
    return pieces + [line]


def identifier(name):
    words = name.removesuffix(".yaml").replace("-", "_").replace(".", "_").split("_")
    return words[0] + "".join(w.capitalize() for w in words[1:]) + "Tasks"


def literal(path):
    lines = ['/// `Tasks/%s`, written by scripts/embed-tasks.py.' % path.name,
             'let %s = EmbeddedTask(' % identifier(path.name), '  name: "%s",' % path.name, '  text: #"""']
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        lines += [("    " + piece).rstrip() if not piece.endswith("\\#") else "    " + piece for piece in wrapped(line)]
    return lines + ['', '    """#)']


def files():
    names = sorted((ROOT / "Tasks").glob("*.yaml"))
    whole = {"EmbeddedTasks.swift": "\n".join(
        ["/// A task file that is part of the program.", "struct EmbeddedTask: Sendable {", "  let name: String",
         "  let text: String", "}", "", "/// All of them, by name; written by scripts/embed-tasks.py.",
         "let embeddedTasks: [EmbeddedTask] = ["] + ["  %s," % identifier(n.name) for n in names] + ["]", ""])}
    for name in names:
        whole["%s.swift" % identifier(name.name)] = "\n".join(literal(name)) + "\n"
    return whole


def main():
    folder = ROOT / "Definitions/Embedded"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = files()
    if "--check" in sys.argv[1:]:
        found = {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.swift")}
        if found != wanted:
            sys.exit("the literals are not what the task files say: run scripts/embed-tasks.py")
        return
    for path in folder.glob("*.swift"):
        path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


main()
