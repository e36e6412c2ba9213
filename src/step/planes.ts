import { arrayMachines } from "../kernels/array-caps";
import { peakFlops } from "../kernels/families";
import { ridgeRows } from "../kernels/roofline";
import { type Hardware, hardware as realMachine } from "../machine/hardware";
import { weightFormat } from "../machine/number-formats";
import type { Model } from "../model/model";
import { hidingFlopsPerByte, machineFlopsPerByte } from "../network/hiding";
import { messageBytes } from "../network/message-bytes";
import { meanTokensPerExpert } from "../routing/uniform";
import { gpuPostedLimit, scaleUpLimit } from "./tiers";

/** What a model gives: tokens per expert, bytes of a message, FLOPs per byte. */
export interface PlaneColumn {
  readonly name: string;
  readonly has: number;
}

/** What a machine asks for, in the same unit. */
export interface PlaneRow {
  readonly machine: string;
  /** The format, or the tier of the link. */
  readonly of: string;
  readonly needs: number;
  /** What asks for so much. */
  readonly because: string;
  /** The machine does not exist. */
  readonly isWhatIf: boolean;
}

/** A plane on which models and machines meet: a model that has at least what a machine needs keeps it busy. */
export interface Plane {
  readonly columns: readonly PlaneColumn[];
  readonly rows: readonly PlaneRow[];
}

const isWhatIf = ({ sources }: Hardware): boolean => Object.values(sources).some(({ source }) => source === "what-if");

const row = (machine: Hardware, of: string, needs: number, because: string): PlaneRow => ({
  machine: machine.name,
  of,
  needs,
  because,
  isWhatIf: isWhatIf(machine),
});

/**
 * Tokens an expert against the rows from which a machine is busy, by format.
 *
 *     needs = max(m*, tile, array),   m* = peak bytes of a weight / (2 bandwidth)
 *
 * Tile and array are those of data/array-tiles.csv, in proportion to the side that a what-if changes; of a machine that is not in it, m* alone
 * counts. Formats that a machine does not multiply are left out.
 *
 * @example rowsPlane([hardware("h100-sxm")], [model("deepseek-v3")], 6144, ["fp8_block"])
 */
export function rowsPlane(places: readonly Hardware[], models: readonly Model[], tokens: number, formats: readonly string[]): Plane {
  const rows = places.flatMap((machine) =>
    formats.flatMap((name) => {
      const { arithmetic, weightBytes } = weightFormat(name);
      if (machine.peakFlopsPerSecond[arithmetic] === undefined) return [];
      const rates = { flopsPerSecond: peakFlops(machine, arithmetic), bytesPerSecond: machine.memoryBytesPerSecond };
      const { tile, array } = unitOf(machine);
      const limits = [
        ["memory", ridgeRows(rates, weightBytes)],
        ["tile", tile],
        ["array", array],
      ] as const;
      const [because, needs] = limits.reduce((a, b) => (b[1] > a[1] ? b : a));
      return [row(machine, name, needs, because)];
    }),
  );
  return { columns: models.map((m) => ({ name: m.name, has: meanTokensPerExpert(tokens, m) })), rows };
}

/** Rows of a machine's tile, and rows that loading its array takes; a what-if scales its base's. */
function unitOf(machine: Hardware): { readonly tile: number; readonly array: number } {
  const baseId = machine.id.replace(/(-what-if)+$/, "");
  const limits = arrayMachines().find(({ id }) => id === baseId)?.limits;
  if (limits === undefined) return { tile: 1, array: 1 };
  const base = realMachine(baseId);
  const scale = (side: "rows" | "columns") => (machine.matrixUnit[side] ?? 1) / (base.matrixUnit[side] ?? 1);
  return { tile: limits.tokenTile * scale("columns"), array: limits.arrayRows * scale("rows") };
}

/**
 * Bytes of a dispatched token against the size from which a link is short of bytes and not of messages, by tier.
 *
 *     needs = bytes per second / messages per second
 *
 * The scale-up link at the cost of a message fitted to DeepEP, the network card at the most that one costs where DeepEP posts it.
 *
 * @example messagePlane([hardware("h800-sxm")], [model("deepseek-v3")])
 */
export function messagePlane(places: readonly Hardware[], models: readonly Model[]): Plane {
  const rows = places.flatMap((machine) => {
    const limits = [
      ...(machine.scaleUpBytesPerSecond === undefined ? [] : [["scale-up", scaleUpLimit(machine)] as const]),
      ...(machine.networkBytesPerSecond === undefined ? [] : [["network", gpuPostedLimit(machine)] as const]),
    ];
    return limits.map(([tier, { bytesPerSecond, requestsPerSecond, name }]) =>
      row(machine, tier, bytesPerSecond / requestsPerSecond, name),
    );
  });
  return { columns: models.map((m) => ({ name: m.name, has: messageBytes("dispatch", m.expertHiddenSize) })), rows };
}

/**
 * FLOPs that an expert spends on each byte its token travels (2 d with three matrices) against those of a machine in the time of a byte, by link.
 *
 * At datasheet rates in FP8; a machine without FP8 or the link is left out.
 *
 * @example widthPlane([hardware("h800-sxm")], [model("deepseek-v3")])
 */
export function widthPlane(places: readonly Hardware[], models: readonly Model[]): Plane {
  const rows = places.flatMap((machine) =>
    (["scale-up", "network"] as const).flatMap((link) => {
      const needs = machineFlopsPerByte(machine, link);
      return needs === undefined ? [] : [row(machine, link, needs, "FP8 over the link")];
    }),
  );
  return { columns: models.map((m) => ({ name: m.name, has: hidingFlopsPerByte(m.moeIntermediateSize, m.expertMatrices) })), rows };
}
