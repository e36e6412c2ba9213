import { type ExchangeProcessors, exchangesByProcessors } from "../published/transfers";
import { formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { sourced } from "./sourced";
import { colours, layout, linearAxis } from "./theme";

const colourOf: Readonly<Record<string, string>> = {
  "DeepEP V1 (in the Hybrid-EP table)": colours.grey,
  "Hybrid-EP": colours.green,
  "DeepEP V2": colours.blue,
};
const nameOf: Readonly<Record<string, string>> = {
  "DeepEP V1 (in the Hybrid-EP table)": "DeepEP V1",
  "Hybrid-EP": "Hybrid-EP",
  "DeepEP V2": "DeepEP V2",
};

/** Rows of both panels: one node over NVLink, and two or more over the network. */
export function processorRows(link: "NVLink" | "network"): readonly ExchangeProcessors[] {
  return exchangesByProcessors().filter((e) => e.link === link && (link === "network" || e.expertParallel === 8) && e.machine !== "GB200");
}

/**
 * Bandwidth of dispatch by the processors that run it, over NVLink and over the network, by version.
 *
 * @example exchangeProcessorsFigure().caption
 */
export function exchangeProcessorsFigure(): Figure {
  const [node, network] = [processorRows("NVLink"), processorRows("network")];
  const rate = (version: string, processors: number) => {
    const row = node.find((e) => e.version === version && e.processors === processors && e.measured === "whole");
    if (row === undefined) throw new RangeError(`no dispatch by ${version} on ${processors} processors of one node was measured`);
    return row.dispatchBytesPerSecond;
  };
  const [fewProcessors, allProcessors] = [24, 64];
  const [few, all] = [rate("DeepEP V2", fewProcessors), rate("DeepEP V2", allProcessors)];
  const gain = rate("Hybrid-EP", 16) / rate("DeepEP V1 (in the Hybrid-EP table)", 16);
  const least = network.filter((e) => e.version === "DeepEP V2").reduce((a, b) => (b.processors < a.processors ? b : a));
  const gpus = [...new Set(network.map((e) => e.expertParallel))].sort((a, b) => a - b);
  const series = (rows: readonly ExchangeProcessors[], axis: string) =>
    Object.entries(colourOf).flatMap(([version, color]) =>
      (["whole", "kernel alone"] as const).flatMap((measured) => {
        const here = rows.filter((e) => e.version === version && e.measured === measured).sort((a, b) => a.processors - b.processors);
        if (here.length === 0) return [];
        const alone = measured === "kernel alone";
        return [
          {
            type: "scatter",
            mode: axis === "y" && here.length > 1 ? "lines+markers" : "markers",
            name: `${nameOf[version]}${alone ? ", kernel alone" : ""}`,
            legendgroup: `${version}${measured}`,
            showlegend: axis === "y",
            x: here.map((e) => e.processors),
            y: here.map((e) => e.dispatchBytesPerSecond / 1e9),
            text: here.map((e) => `${e.machine}, ${e.expertParallel} GPUs`),
            xaxis: axis === "y" ? "x" : "x2",
            yaxis: axis,
            line: { color, width: 1.5 },
            marker: { color, size: 9, symbol: alone ? "circle-open" : "circle" },
          },
        ];
      }),
    );
  return {
    data: [...series(node, "y"), ...series(network, "y2")],
    layout: layout({
      height: 640,
      margin: { l: 84, r: 20, t: 20, b: 58 },
      xaxis: { ...linearAxis("", [0, 68]), anchor: "y", dtick: 16 },
      yaxis: linearAxis("NVLink, 8 GPUs (GB/s)", [0, 820], { domain: [0.54, 1] }),
      xaxis2: { ...linearAxis("SMs that run the exchange", [0, 68]), anchor: "y2", dtick: 16 },
      yaxis2: linearAxis("Network (GB/s)", [0, 100], { domain: [0, 0.44] }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom" },
    }),
    title: `${fewProcessors} of ${allProcessors} processors move ${formatNumber((100 * few) / all, 2)} % of what all do`,
    setting: "Dispatch in FP8 by DeepEP V2 over NVLink; bandwidth as its authors count it.",
    source: sourced(
      "Points",
      [...node, ...network].map((e) => e.source),
    ),
    caption: `Dispatch in FP8, as each project publishes it (bandwidth as its authors count it, so over the network forwarded bytes inside a node count too). Above, one node of Blackwell: with 16 processors the later kernel moves ${formatNumber(gain)} times what DeepEP V1 moves there; DeepEP V2 reaches ${formatNumber(few / 1e9)} GB/s with ${fewProcessors}, and the last ${formatNumber((1 - few / all) * 100, 2)} % cost ${allProcessors - fewProcessors} more. Below, across nodes of 8 (${gpus.join(", ")} GPUs, a mark each): ${least.processors} processors are enough for ${formatNumber(least.dispatchBytesPerSecond / 1e9)} GB/s. A copy after the exchange, which runs on all processors, is not in these counts.`,
    alt: `Later versions reach the same or more bandwidth with fewer processors: 24 instead of 48 over NVLink, 6 to 12 over the network.`,
  };
}
