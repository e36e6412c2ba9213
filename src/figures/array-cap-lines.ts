import { type ArrayMachine, arrayCaps } from "../kernels/array-caps";
import { ridgeRows } from "../kernels/roofline";
import { formatCount, formatNumber, formatShare } from "../text/numbers";
import type { Choice, Figure } from "./figure";
import { colours, countTicks, layout, line, linearAxis, logAxis, menu, points } from "./theme";

/** Rows of the curves: every whole number where padding moves, then spread out. */
const rows = [
  ...Array.from({ length: 64 }, (_, i) => i + 1),
  ...Array.from({ length: 61 }, (_, i) => Math.round(64 * 2 ** (i / 10 + 0.1))),
];
const tracesEach = 4;

/**
 * Share of peak against rows of an expert under each of the three caps; a menu picks the machine.
 *
 * @example arrayCapsFigure(arrayMachines(), 128).caption
 */
export function arrayCapsFigure(machines: readonly ArrayMachine[], tokensPerExpert: number): Figure {
  const caps = machines.map((machine) => arrayCaps(tokensPerExpert, machine.limits));
  const first = machines.findIndex((m) => m.id === "tpu-v6e");
  const chosen = Math.max(0, first);
  const words = machines
    .map(
      (m, i) =>
        `${m.name.replace(/ \(.*\)$/, "")} ${formatShare(caps[i]?.utilisation ?? Number.NaN)} (${caps[i]?.bound === "none" ? "no cap" : caps[i]?.bound})`,
    )
    .join(", ");
  const never = machines.filter((machine) => rows.every((m) => arrayCaps(m, machine.limits).bound !== "array")).length;
  const lowest = `On ${never} of ${machines.length} machines the array's line is never the lowest: memory binds before the array does`;
  const short = (m: ArrayMachine) => m.name.replace(/ \(.*\)$/, "");
  const choices = machines.map((m, i) => {
    const { utilisation, bound } = caps[i] as ReturnType<typeof arrayCaps>;
    const stops = bound === "none" ? "and nothing stops it" : `and ${bound} stops it`;
    return {
      title: `With ${formatCount(tokensPerExpert)} tokens ${short(m)} reaches at most ${formatShare(utilisation)} of its peak, ${stops}`,
      caption: `The most of its peak that ${short(m)} can reach in one expert, by what stops it; the lowest line counts, and the menu picks the machine. The open mark stands at ${formatCount(tokensPerExpert)} tokens. Most to expect there: ${words}. Blue: weights come from memory once for all tokens. Orange: the array takes as long to load weights as it has rows. Green: the tile that the tokens are padded to. ${lowest}.`,
    };
  });
  return {
    ...(choices[chosen] as Choice),
    choices,
    setting: "Bounds from datasheet rates and the array's shape, data/array-tiles.csv; weights in the format that the menu names.",
    data: machines.flatMap((machine, i) => traces(machine, tokensPerExpert, i === chosen)),
    layout: layout({
      height: 520,
      margin: { l: 84, r: 20, t: 60, b: 130 },
      xaxis: logAxis("Tokens per expert", [1, 4096], countTicks([1, 10, 100, 1000])),
      yaxis: linearAxis("Share of the machine's peak, at most (%)", [0, 104]),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top" },
      updatemenus: [
        menu(
          machines.map((m, i) => button(m, machines.length, i)),
          chosen,
        ),
      ],
    }),
    alt: `Curves of attainable share of peak against tokens per expert. At ${formatCount(tokensPerExpert)} tokens: ${words}. ${lowest}.`,
  };
}

function traces(machine: ArrayMachine, at: number, visible: boolean): readonly Record<string, unknown>[] {
  const ridge = ridgeRows(machine.limits.rates, machine.limits.weightBytes);
  // The row where memory stops binding is one of them, so that the line bends there.
  const drawn = [...new Set([...rows, Math.max(1, Math.ceil(ridge))])].sort((a, b) => a - b);
  const caps = drawn.map((m) => arrayCaps(m, machine.limits));
  const cap = (name: string, of: "memory" | "array" | "padding", color: string, dash: string) =>
    line(
      name,
      drawn,
      caps.map((c) => 100 * c[of]),
      color,
      { visible, line: { color, width: 2, dash } },
    );
  const edge = formatNumber(ridge);
  return [
    cap(`memory, up to ${edge} tokens`, "memory", colours.blue, "solid"),
    cap(machine.limits.arrayRows > 1 ? `array of ${machine.limits.arrayRows} rows` : "array: none", "array", colours.orange, "dash"),
    cap(machine.limits.tokenTile > 1 ? `padding to ${machine.limits.tokenTile}` : "padding: none", "padding", colours.green, "dot"),
    points("at the tokens asked for", [at], [100 * arrayCaps(at, machine.limits).utilisation], "#FFFFFF", {
      visible,
      showlegend: false,
      marker: { color: "#FFFFFF", size: 11, line: { color: colours.ink, width: 2.5 } },
    }),
  ];
}

function button(machine: ArrayMachine, count: number, i: number): Record<string, unknown> {
  const visible = Array.from({ length: count * tracesEach }, (_, j) => Math.floor(j / tracesEach) === i);
  return {
    label: `${machine.name.replace(/ \(.*\)$/, "")}, ${machine.weightFormat.replace("bfloat16", "bf16").replace("w4a8_mxfp4_mxfp8", "fp8 × fp4")}`,
    method: "restyle",
    args: [{ visible }],
  };
}
