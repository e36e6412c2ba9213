import { breakEvenBytes, streamBytesPerSecond } from "../network/message-path";
import { reachedOverNetwork } from "../published/reached-network";
import { messageRates } from "../published/transfers";
import { pathPoints } from "../step/path-points";
import { measuredPaths } from "../step/tiers";
import { formatBytes, formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, doublings, label, layout, lengthTicks, line, logAxis, points, rule, ticks } from "./theme";

const colourOf = [colours.blue, colours.sky, colours.orange];

/**
 * Bandwidth of a 400 Gb/s card against message size, by how messages are posted; what DeepEP reached.
 *
 * @example messageRatesFigure().caption
 */
export function messageRatesFigure(): Figure {
  const paths = measuredPaths();
  const all = pathPoints();
  const sizes = doublings(8, 2 ** 26);
  const reached = reachedOverNetwork();
  const widest = reached.filter((r) => r.expertParallel === Math.max(...reached.map((x) => x.expertParallel)));
  const [dispatch, combine] = widest as [(typeof widest)[number], (typeof widest)[number]];
  const tested = all.filter((p) => !p.readOff);
  const worst = Math.max(...tested.map((p) => Math.abs(p.error)));
  const other = messageRates().filter((r) => r.sweep.startsWith("ib_read"));
  const first = paths[0] as (typeof paths)[number];
  return {
    data: [
      ...paths.map((path, i) =>
        line(
          `${path.name}, model`,
          sizes,
          sizes.map((size) => streamBytesPerSecond(path, size)),
          colourOf[i] as string,
          { showlegend: false, line: { color: colourOf[i], width: 1.5, dash: "dash" } },
        ),
      ),
      ...paths.map((path, i) => {
        const here = all.filter((p) => p.path === path.name);
        return points(
          path.name,
          here.map((p) => p.messageBytes),
          here.map((p) => p.measured),
          colourOf[i] as string,
        );
      }),
      points(
        "200 Gb/s, reads, one queue",
        other.map((r) => r.messageBytes),
        other.map((r) => r.bytesPerSecond),
        colours.grey,
        { marker: { color: colours.grey, size: 7, symbol: "square-open" } },
      ),
      points(
        "DeepEP, posted by the GPU",
        reached.map((r) => r.messageBytes),
        reached.map((r) => r.bytesPerSecond),
        colours.green,
        { marker: { color: colours.green, size: 11, symbol: "diamond" } },
      ),
    ],
    layout: layout({
      height: 560,
      margin: { l: 84, r: 20, t: 20, b: 58 },
      xaxis: logAxis("Size of one message", [6, 1e8], lengthTicks([8, 512, 32_768, 2 ** 21])),
      yaxis: logAxis(
        "Bandwidth",
        [3e6, 1.2e11],
        ticks([
          [1e7, "10 MB/s"],
          [1e8, "100 MB/s"],
          [1e9, "1 GB/s"],
          [1e10, "10 GB/s"],
          [1e11, "100 GB/s"],
        ]),
      ),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom" },
      shapes: [rule("y", 50e9)],
      annotations: [label("400 Gb/s", { x: 8, y: 50e9 }, { xanchor: "left", yanchor: "bottom" }, "xy")],
    }),
    title: `Posted by the host, messages need ${formatBytes(breakEvenBytes(first))} for half the bandwidth; the GPU itself gets ${formatNumber(dispatch.bytesPerSecond / 1e9)} GB/s from ${formatBytes(dispatch.messageBytes)}`,
    setting: "Network cards of 400 Gb/s; squares, one of 200 Gb/s.",
    source: "Points: data/measurements/perftest-messages.csv, rdma-messages.csv and deepep-low-latency.csv.",
    caption: `Points are published sweeps. Dashed: what two numbers of a sweep give, the cost of a message at its smallest size and the bandwidth at its largest; between them it is off by ${formatShare(worst, 3)} at most. Posted by the host in batches a message costs ${formatNumber(first.secondsPerMessage * 1e9)} ns, so half the bandwidth is reached at ${formatBytes(breakEvenBytes(first))}, above the ${formatBytes(dispatch.messageBytes)} of a dispatched token: there the rate binds. Posted by the GPU itself, over many queue pairs, DeepEP reached ${formatNumber(dispatch.bytesPerSecond / 1e9)} GB/s with messages of that size (${formatNumber(dispatch.messagesPerSecond / 1e6)} million/s) and ${formatNumber(combine.bytesPerSecond / 1e9)} GB/s with twice the size on ${dispatch.expertParallel} GPUs: bytes bind.`,
    alt: `Bandwidth grows with message size and levels off near 50 GB/s; messages of 7 kB reach about a third of it posted by the host and three quarters posted by the GPU.`,
  };
}
