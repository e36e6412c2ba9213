import { type TensorCoreTile, tensorCoreTiles } from "../published/matrix-units";
import { formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, layout, line, linearAxis } from "./theme";

/** One measured tile as a share of the best rate a processor shows in its format. */
export interface TileShare extends TensorCoreTile {
  readonly share: number;
}

/**
 * Each measured tile of a format against the best of that format, a processor.
 *
 * @example tileShares("fp8")
 */
export function tileShares(format: string): readonly TileShare[] {
  const here = tensorCoreTiles().filter((t) => t.format === format);
  const best = Math.max(...here.map((t) => t.flopsPerClock / t.processors));
  return here.map((t) => ({ ...t, share: t.flopsPerClock / t.processors / best }));
}

/**
 * Measured rate of a tensor core against the width of its tile, where swapped operands put the tokens.
 *
 * @example tensorCoreTileFigure("fp8").caption
 */
export function tensorCoreTileFigure(format: string): Figure {
  const shares = tileShares(format);
  const series = [
    { processors: 1, m: 64, color: colours.sky },
    { processors: 1, m: 128, color: colours.blue },
    { processors: 2, m: 128, color: colours.green },
    { processors: 2, m: 256, color: colours.orange },
  ]
    .map((s) => ({ ...s, tiles: shares.filter((t) => t.processors === s.processors && t.m === s.m) }))
    .filter(({ tiles }) => tiles.length > 0);
  const share = (processors: number, m: number, n: number) =>
    shares.find((t) => t.processors === processors && t.m === m && t.n === n)?.share ?? Number.NaN;
  const words = `with 64 tokens the tile of 256 over two SMs reaches ${formatShare(share(2, 256, 64))} of the best rate, with 128 tokens ${formatShare(share(2, 256, 128))}`;
  const low = shares.filter((t) => t.m === 64);
  const narrow =
    low.length === 0
      ? ""
      : `A tile of 64 on the weights' side gives ${formatShare(Math.max(...low.map((t) => t.share)))} at most, however many tokens there are. `;
  return {
    data: series.map(({ processors, m, color, tiles }) =>
      line(
        `${m} for weights, ${processors === 1 ? "one SM" : "two SMs"}`,
        tiles.map((t) => t.n),
        tiles.map((t) => 100 * t.share),
        color,
        { mode: "lines+markers", marker: { size: 8 } },
      ),
    ),
    layout: layout({
      height: 480,
      margin: { l: 84, r: 20, t: 20, b: 120 },
      xaxis: linearAxis("Tile on the tokens' side (rows)", [48, 268], { dtick: 32, tick0: 64 }),
      yaxis: linearAxis("Share of the best measured rate (%)", [0, 106]),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top" },
    }),
    title: words.replace(/^w/, "W"),
    setting: `B200, ${format.toUpperCase()}, both operands in shared memory.`,
    source: "Measured: data/measurements/umma-b200.csv.",
    caption: `Measured on a B200, ${format.toUpperCase()}: what a tensor core reaches by the size of the tile that one instruction fills. NVIDIA went from tiles of 64 to 128 and 256 on one side, yet ${words}. Only the weights' side has to be long: kernels put the weights there and the tokens on the other. ${narrow}Tiles narrower than 64 are not in the measurement.`,
    alt: `Measured tensor-core rate against tile width on B200: ${words}. ${narrow}`,
  };
}
