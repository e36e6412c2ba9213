import { type TransferPath, transferTime } from "../network/message-path";
import { copiesOf, hostCrossings, hostMachine, hostPaths } from "../published/host-paths";
import { peerCopyBlocks } from "../published/transfers";
import { formatBytes, formatCount, formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, countTicks, doublings, layout, lengthTicks, line, logAxis, points, ticks } from "./theme";

/** Of the four ways, in their order: stores and loads blue, copy calls orange, towards the GPU filled. */
const styles = [
  { color: colours.blue, symbol: "circle" },
  { color: colours.blue, symbol: "circle-open" },
  { color: colours.orange, symbol: "circle" },
  { color: colours.orange, symbol: "circle-open" },
] as const;
const styleOf = (i: number) => styles[i] as (typeof styles)[number];

/**
 * Time of one copy by size, and bandwidth by how many blocks take part: load and store against an engine.
 *
 * @example transferSizesFigure().caption
 */
export function transferSizesFigure(): Figure {
  const sizes = doublings(1, 2 ** 18);
  const blocks = peerCopyBlocks();
  const { storeBytes, loadBytes } = hostCrossings();
  const [first, last] = [blocks[0], blocks.at(-1)] as [(typeof blocks)[number], (typeof blocks)[number]];
  const most = Math.max(...hostPaths().flatMap(({ name }) => copiesOf(name).map((c) => c.bytes)));
  const stores = storeBytes === undefined || storeBytes > most ? "at every measured size" : `up to ${formatBytes(storeBytes)}`;
  return {
    data: [
      ...hostPaths().map((path, i) =>
        line(
          `${path.name}, model`,
          sizes,
          sizes.map((size) => transferTime(path, 1, size).seconds),
          styleOf(i).color,
          { showlegend: false, line: { color: styleOf(i).color, width: 1.5, dash: "dash" } },
        ),
      ),
      ...hostPaths().map(({ name }, i) =>
        points(
          name,
          copiesOf(name).map((c) => c.bytes),
          copiesOf(name).map((c) => c.seconds),
          styleOf(i).color,
          { marker: { color: styleOf(i).color, size: 8, symbol: styleOf(i).symbol } },
        ),
      ),
      points(
        "loads and stores, to a peer (lower panel)",
        blocks.map((b) => b.blocks),
        blocks.map((b) => b.loadStoreBytesPerSecond),
        colours.blue,
        { xaxis: "x2", yaxis: "y2", mode: "lines+markers", line: { color: colours.blue } },
      ),
      points(
        "data mover, started by the GPU (lower panel)",
        blocks.map((b) => b.blocks),
        blocks.map((b) => b.dataMoverBytesPerSecond),
        colours.green,
        { xaxis: "x2", yaxis: "y2", mode: "lines+markers", line: { color: colours.green } },
      ),
    ],
    layout: layout({
      height: 720,
      margin: { l: 96, r: 20, t: 20, b: 58 },
      xaxis: {
        ...logAxis("Size of one copy", [0.8, 4e5], lengthTicks([1, 64, 4096, 262_144])),
        anchor: "y",
      },
      yaxis: logAxis(`Time, ${hostMachine}, PCIe`, [5e-8, 2e-3], {
        domain: [0.56, 1],
        ...ticks([
          [1e-7, "0.1 µs"],
          [1e-6, "1 µs"],
          [1e-5, "10 µs"],
          [1e-4, "100 µs"],
          [1e-3, "1 ms"],
        ]),
      }),
      xaxis2: {
        ...logAxis("Blocks that take part", [14, 20_000], countTicks([16, 64, 256, 1024, 4096, 16_384])),
        anchor: "y2",
      },
      yaxis2: logAxis("Bandwidth, gfx1250", [3e10, 2.5e12], {
        domain: [0, 0.4],
        ...ticks([
          [1e11, "100 GB/s"],
          [1e12, "1 TB/s"],
        ]),
      }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom" },
    }),
    title: `Between host and GPU mapped stores are faster than copy calls ${stores}, loads ${loadBytes === undefined ? "at no size" : `up to ${formatBytes(loadBytes)}`}`,
    setting: `Above ${hostMachine} over PCIe, below an AMD part (gfx1250).`,
    source: "Points: data/measurements/mapped-or-copied.csv and peer-copy-blocks.csv.",
    caption: `Above: one copy between host and GPU. A copy call costs ${formatNumber((hostPaths()[2] as TransferPath).secondsPerMessage * 1e6)} µs before a byte moves, a store on mapped memory ${formatNumber((hostPaths()[0] as TransferPath).secondsPerMessage * 1e6)} µs. Stores are the faster ${stores}, loads up to ${loadBytes === undefined ? "no size" : formatBytes(loadBytes)} only: a load waits for its answer, a store does not. Dashed: read off the two ends of each sweep. Below: 16 GB to a peer GPU, on an AMD part (gfx1250). With ${first.blocks} blocks an engine that the GPU itself starts moves ${formatNumber(first.dataMoverBytesPerSecond / first.loadStoreBytesPerSecond)} times what loads and stores do; with ${formatCount(last.blocks)} blocks the two are within ${formatNumber((last.dataMoverBytesPerSecond / last.loadStoreBytesPerSecond - 1) * 100, 2)} %. The engine does not go further, it takes fewer processors.`,
    alt: `Mapped stores beat copy calls at all measured sizes, mapped loads below a few kilobytes; an engine started by the GPU needs a fraction of the blocks for the same bandwidth.`,
  };
}
