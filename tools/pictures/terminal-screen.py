#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["cairosvg==2.9.1"]
# ///
"""Draws what a terminal would show: terminal-screen.py RECORD COLUMNSxROWS PICTURE.png

RECORD is what a program sent to a terminal with all colours, such as the file that
`emseg proofread session … --script KEYS --record RECORD` writes.
"""

import re
import sys
from xml.sax.saxutils import escape

import cairosvg

CELL = (8, 16)
STANDARD = ("#d8d8d8", "#181818")
PALETTE = ["#181818", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5"]
# Which quarters of a cell a block character fills: upper left, upper right, lower left, lower right.
QUARTERS = {
    "█": "1111", "▀": "1100", "▄": "0011", "▌": "1010", "▐": "0101", "▘": "1000", "▝": "0100",
    "▖": "0010", "▗": "0001", "▚": "1001", "▞": "0110", "▛": "1110", "▜": "1101", "▙": "1011",
    "▟": "0111",
}


class Screen:
    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.row = self.column = 0
        self.style()
        self.clear()

    def style(self):
        self.colours, self.bold, self.reversed = list(STANDARD), False, False

    def clear(self):
        self.cells = [[(" ", *STANDARD, False)] * self.columns for _ in range(self.rows)]

    def put(self, character):
        if self.row < self.rows and self.column < self.columns:
            front, back = self.colours[::-1] if self.reversed else self.colours
            self.cells[self.row][self.column] = (character, front, back, self.bold)
        self.column += 1

    def attributes(self, numbers):
        while numbers:
            number = numbers.pop(0)
            if number == 0:
                self.style()
            elif number == 1:
                self.bold = True
            elif number == 2:
                self.colours[0] = "#8c8c8c"
            elif number == 7:
                self.reversed = True
            elif number in (38, 48) and numbers and numbers[0] == 2:
                self.colours[number == 48] = "#%02x%02x%02x" % tuple(numbers[1:4])
                del numbers[:4]
            elif number in (39, 49):
                self.colours[number == 49] = STANDARD[number == 49]
            elif 30 <= number < 38 or 40 <= number < 48:
                self.colours[number >= 40] = PALETTE[number % 10]

    def take(self, text):
        for part in re.finditer("\x1b\\[([?0-9;]*)([@-~])|(.)", text, re.DOTALL):
            parameters, final, character = part.groups()
            if character:
                self.put(character)
            elif final == "H":
                place = [int(number) for number in parameters.split(";") if number] or [1, 1]
                self.row, self.column = place[0] - 1, place[1] - 1
            elif final == "J":
                self.clear()
            elif final == "m":
                self.attributes([int(number) for number in parameters.split(";") if number])

    def svg(self):
        width, height = CELL
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.columns * width}" '
            f'height="{self.rows * height}" shape-rendering="crispEdges">'
        ]
        for row, cells in enumerate(self.cells):
            for column, (character, front, back, bold) in enumerate(cells):
                x, y = column * width, row * height
                lines.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{back}"/>')
                for index, filled in enumerate(QUARTERS.get(character, "0000")):
                    if filled == "1":
                        lines.append(
                            f'<rect x="{x + index % 2 * width // 2}" y="{y + index // 2 * height // 2}" '
                            f'width="{width // 2}" height="{height // 2}" fill="{front}"/>'
                        )
                if character not in QUARTERS and character != " ":
                    weight = ' font-weight="bold"' if bold else ""
                    lines.append(
                        f'<text x="{x}" y="{y + 12}" fill="{front}" font-size="13" '
                        f'font-family="DejaVu Sans Mono"{weight}>{escape(character)}</text>'
                    )
        return "\n".join(lines + ["</svg>"])


def main():
    record, size, picture = sys.argv[1:]
    columns, rows = (int(number) for number in size.split("x"))
    screen = Screen(columns, rows)
    with open(record, encoding="utf-8") as file:
        screen.take(file.read())
    cairosvg.svg2png(bytestring=screen.svg().encode(), write_to=picture)


if __name__ == "__main__":
    main()
