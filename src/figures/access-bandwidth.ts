import { type Hardware, hardware } from "../machine/hardware";
import { accessSweeps, type Sweep, sweepBound } from "../published/access-sweeps";
import { rowGathers } from "../published/tables";
import { rowBandwidth, rowMemory } from "../step/tiers";
import { formatCount, formatNumber, formatSeconds, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, doublings, label, layout, lengthTicks, line, logAxis, points, ticks } from "./theme";

/**
 * Bandwidth against the size of one access: what loads in flight allow, what DRAM rows allow, what was measured.
 *
 * @example accessBandwidthFigure(hardware("h100-sxm")).caption
 */
export function accessBandwidthFigure(machine: Hardware): Figure {
  const { kind, stacks } = rowMemory(machine);
  const published = accessSweeps();
  const sizes = doublings(8, 65_536);
  const colourOf = (sweep: Sweep) => (sweep.machine === "B200" ? colours.orange : colours.blue);
  const rows = (accessBytes: number) => rowBandwidth(machine, accessBytes);
  const worst = Math.min(...published.flatMap((s) => s.measured.map((p) => p.bytesPerSecond / sweepBound(s, p.loadBytes))));
  const full = Math.min(...sizes.filter((size) => rows(size) >= 0.99 * machine.memoryBytesPerSecond));
  const gathers = rowGathers();
  const gathered = hardware("h100-sxm");
  const gains = gainOfMoreInFlight(published);
  const best = [...new Set(published.map((s) => `${formatNumber(s.bestBytesPerSecond / 1e12, 2)} TB/s on ${s.machine}`))];
  const latencies = [...new Set(published.map((s) => `${s.machine} ${formatSeconds(s.latencySeconds)}`))].join(", ");
  return {
    data: [
      ...published.map((s) =>
        line(
          `${s.machine}, bound`,
          sizes,
          sizes.map((size) => sweepBound(s, size)),
          colourOf(s),
          { line: { color: colourOf(s), width: 1.5, dash: "dash" }, showlegend: false },
        ),
      ),
      line(`${machine.name}, rows of ${kind.name}`, sizes, sizes.map(rows), colours.green, {
        line: { color: colours.green, width: 2 },
        showlegend: false,
      }),
      ...published.map((s) =>
        points(
          `${s.machine}, ${s.loadsInFlight} loads in flight`,
          s.measured.map((p) => p.loadBytes),
          s.measured.map((p) => p.bytesPerSecond),
          colourOf(s),
          { marker: { color: colourOf(s), size: 8, symbol: isFew(s) ? "circle-open" : "circle" } },
        ),
      ),
      points(
        "H100 row gather",
        gathers.map((g) => g.rowBytes),
        gathers.map((g) => g.share * gathered.memoryBytesPerSecond),
        colours.purple,
        { marker: { color: colours.purple, size: 10, symbol: "diamond" } },
      ),
    ],
    layout: layout({
      xaxis: logAxis("Size of one access", [8, 90_000], lengthTicks([8, 32, 128, 512, 2048, 8192, 32_768])),
      yaxis: logAxis(
        "Bandwidth",
        [5e9, 2e13],
        ticks([
          [1e10, "10 GB/s"],
          [1e11, "100 GB/s"],
          [1e12, "1 TB/s"],
          [1e13, "10 TB/s"],
        ]),
      ),
      showlegend: true,
      legend: { x: 0.99, xanchor: "right", y: 0.02, yanchor: "bottom" },
      annotations: [
        label(
          `bound by DRAM rows, ${machine.name}`,
          { x: 64, y: machine.memoryBytesPerSecond * 1.45 },
          { font: { size: 12, color: colours.green } },
          "xy",
        ),
      ],
    }),
    title: `Small reads are slow because few are in flight: ${gains}`,
    setting: `Reads of DRAM by bulk copies; the green bound is of ${machine.name}.`,
    source: "Measured: data/measurements/tma-h800-pcie.csv, tma-b200.csv and row-gather-h100.csv.",
    caption: `Points are published reads of DRAM by bulk copies of one size, with so many in flight on the whole machine. Dashed is the most that those in flight allow (Little's law), with the latency (${latencies}) and the best rate read off the sweep itself; at the knee the measurement falls to ${formatShare(worst)} of it. Green is the bound that opening a row for every access sets on ${machine.name}, on the fewest stacks of ${kind.name} that give its bandwidth (${stacks}): it reaches the full rate at ${full} B. Small accesses are slow because too few are in flight, not because memory cannot serve them: ${gains}. Diamonds: rows of ${[...new Set(gathers.map((g) => formatCount(g.rowBytes)))].join(" and ")} B gathered from random places of an H100, ${gathers.map((g) => `${formatShare(g.share)} with ${g.threadAccessBytes} B per thread`).join(", ")} of the datasheet rate.`,
    alt: `Bandwidth grows with access size until about ${best.join(" and ")}; more loads in flight reach it at smaller sizes.`,
  };
}

/** Of a machine's two sweeps, the one with fewer loads in flight. */
function isFew(sweep: Sweep): boolean {
  return accessSweeps().some((other) => other.machine === sweep.machine && other.loadsInFlight > sweep.loadsInFlight);
}

/** What more loads in flight gain at the smallest size both sweeps of a machine have. */
function gainOfMoreInFlight(published: readonly Sweep[]): string {
  const [few, many] = published as readonly [Sweep, Sweep];
  const pairs = few.measured.flatMap((slow) => {
    const fast = many.measured.find(({ loadBytes }) => loadBytes === slow.loadBytes);
    return fast === undefined ? [] : [{ slow, fast }];
  });
  const smallest = pairs[0];
  if (smallest === undefined) throw new RangeError(`the sweeps of ${few.machine} must have a size of access in common`);
  const { slow, fast } = smallest;
  return `on ${few.machine}, ${formatNumber(many.loadsInFlight / few.loadsInFlight)} times as many in flight give ${formatNumber(fast.bytesPerSecond / slow.bytesPerSecond)} times the rate at ${formatCount(slow.loadBytes)} B`;
}
