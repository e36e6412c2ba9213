import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readChanges } from "../../src/claims/changes";
import { readClaimTexts } from "../../src/claims/claim-texts";
import { claimTexts } from "../../src/claims/claims";
import { readEvidence } from "../../src/claims/evidence";
import { readParameterRows } from "../../src/claims/intervals";
import { readFabrics, readMovers } from "../../src/claims/listed";
import { readForecasts, readJudgements } from "../../src/claims/score";
import { readWideArrays } from "../../src/claims/wide-arrays";
import { readDataFile } from "../../src/data/files";
import { parseRows, readFacts, readRows } from "../../src/data/rows";
import { readSources } from "../../src/data/sources";
import { decodeComparisons, prefillComparisons } from "../../src/fit/validation";
import { readMachines } from "../../src/machine/hardware";
import { readLinks } from "../../src/machine/link-facts";
import { readModels } from "../../src/model/registry";
import { balanceGains } from "../../src/published/balanced-runs";
import { readSetUps } from "../../src/published/deployments";
import { exchangePaths } from "../../src/published/exchange-paths";
import { decodeFusions, fusedExperts } from "../../src/published/fused-kernels";
import { readMoeMeasurements } from "../../src/published/layer-times";
import { simulatedCycles, tensorCoreTiles, trainingPairs } from "../../src/published/matrix-units";
import { fusedRates, sparsityGains } from "../../src/published/next";
import {
  deepGemmRows,
  deployments,
  megaMoeRows,
  publishedExpertCounts,
  publishedImbalance,
  rowGathers,
  trainTraceDurations,
  trainTraceKernels,
} from "../../src/published/tables";
import {
  exchangesByInitiator,
  exchangesByProcessors,
  hostCopies,
  messageRates,
  peerCopyBlocks,
  peerCopySizes,
  publishedExchanges,
  publishedParallelism,
} from "../../src/published/transfers";
import { replaced } from "../replaced-files";

vi.mock("../../src/data/files", () => import("../replaced-files"));

/** Layers of all models, and the models that the first lines of layers.csv are of. */
const allLayers = readRows("layers.csv");
const shownIds = new Set(allLayers.slice(0, 90).map(({ cells }) => cells.model));
const firstModels = readRows("models.csv").filter(({ cells }) => shownIds.has(cells.id));
const claimIds = claimTexts().map(({ id }) => id);

/** Each table, and what reads it. */
const readers: readonly (readonly [string, () => unknown])[] = [
  ["models.csv", () => readModels(readRows("models.csv"), allLayers)],
  ["layers.csv", () => readModels(firstModels, readRows("layers.csv"))],
  ["machines.csv", () => readMachines(readRows("machines.csv"), readFacts("hardware.csv", "hardware"))],
  ["hardware.csv", () => readMachines(readRows("machines.csv"), readFacts("hardware.csv", "hardware"))],
  ["links.csv", () => readLinks(readRows("links.csv"))],
  ["sources.csv", () => readSources(readRows("sources.csv"))],
  ["claim-parameters.csv", () => readParameterRows(readRows("claim-parameters.csv"))],
  ["evidence.csv", () => readEvidence(readRows("evidence.csv"))],
  ["claims.csv", () => readClaimTexts(readRows("claims.csv"), claimIds)],
  ["changes.csv", () => readChanges(readRows("changes.csv"))],
  ["forecasts.csv", () => readForecasts(readRows("forecasts.csv"))],
  ["judgements.csv", () => readJudgements(readRows("judgements.csv"))],
  ["wide-arrays.csv", () => readWideArrays(readRows("wide-arrays.csv"))],
  ["scale-up-fabrics.csv", () => readFabrics(readRows("scale-up-fabrics.csv"))],
  ["exchange-movers.csv", () => readMovers(readRows("exchange-movers.csv"))],
  ["deployments.csv", () => readSetUps(readRows("deployments.csv"))],
  ["measurements/exchange-paths.csv", exchangePaths],
  ["regimes.csv", deployments],
  ["parallelism.csv", publishedParallelism],
  ["measurements/balance-gains.csv", balanceGains],
  ["measurements/decode-deepseek-v3.csv", decodeComparisons],
  ["measurements/prefill-deepseek-v3.csv", prefillComparisons],
  ["measurements/decode-fusion.csv", decodeFusions],
  ["measurements/deepep-h800.csv", publishedExchanges],
  ["measurements/deepgemm-h800.csv", deepGemmRows],
  ["measurements/deepgemm-megamoe.csv", megaMoeRows],
  ["measurements/exchange-initiators.csv", exchangesByInitiator],
  ["measurements/exchange-processors.csv", exchangesByProcessors],
  ["measurements/expert-counts-qwen3.csv", publishedExpertCounts],
  ["measurements/expert-imbalance-trtllm.csv", publishedImbalance],
  ["measurements/fused-experts.csv", fusedExperts],
  ["measurements/mapped-or-copied.csv", hostCopies],
  ["measurements/megamoe-rates.csv", fusedRates],
  ["measurements/moe-dense-training.csv", trainingPairs],
  ["measurements/peer-copy-blocks.csv", peerCopyBlocks],
  ["measurements/peer-copy-sizes.csv", peerCopySizes],
  ["measurements/perftest-messages.csv", messageRates],
  ["measurements/rdma-messages.csv", messageRates],
  ["measurements/moe-wide-ep.csv", () => readMoeMeasurements("moe-wide-ep.csv")],
  ["measurements/row-gather-h100.csv", rowGathers],
  ["measurements/scalesim.csv", simulatedCycles],
  ["measurements/sparsity-gain.csv", sparsityGains],
  ["measurements/train-trace-h800.csv", trainTraceDurations],
  ["measurements/train-trace-kernels-h800.csv", trainTraceKernels],
  ["measurements/umma-b200.csv", tensorCoreTiles],
];

afterEach(() => replaced.clear());

/** The first lines of each table: as spoilt as the whole, and sooner read. */
const originals = new Map(readers.map(([file]) => [file, readDataFile(file).split("\n").slice(0, 100)]));

/** What a cell may hold that no cell should. */
const cells = [
  "",
  " ",
  "many",
  "-1",
  "0",
  "1e400",
  "1e308",
  "NaN",
  "Infinity",
  "0x10",
  "1,5",
  '"',
  "é",
  "__proto__",
  "constructor",
  "1".repeat(400),
];

/** A way to spoil the text of a table. */
const spoil = fc.record({
  way: fc.constantFrom("cut", "cell", "cell", "cell", "head", "head twice", "row twice", "no row"),
  line: fc.nat(),
  column: fc.nat(),
  cell: fc.constantFrom(...cells),
});

interface Spoil {
  readonly way: string;
  readonly line: number;
  readonly column: number;
  readonly cell: string;
}

function spoilt(file: string, { way, line, column, cell }: Spoil): string {
  const lines = [...(originals.get(file) as readonly string[])];
  const head = lines.findIndex((l) => !l.startsWith("#"));
  const at = way.startsWith("head") ? head : head + 1 + (line % Math.max(1, lines.length - head - 2));
  const own = (lines[at] as string).split(",");
  if (way === "cut") return lines.join("\n").slice(0, line % lines.join("\n").length);
  if (way === "row twice") lines.splice(at, 0, lines[at] as string);
  if (way === "no row") lines.splice(at, 1);
  if (way === "cell" || way === "head") own[column % own.length] = cell;
  if (way === "head twice") own[column % own.length] = own[0] as string;
  if (!way.includes("row")) lines[at] = own.join(",");
  return lines.join("\n");
}

/** Every number in a result, wherever it stands. */
function* numbersIn(value: unknown): Generator<number> {
  if (typeof value === "number") yield value;
  else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) yield* numbersIn(inner);
}

/** Reading must end in an error that names the file and where in it, or give numbers that are all finite. */
function expectTableOrError(read: () => unknown): void {
  let result: unknown;
  try {
    result = read();
  } catch (error) {
    expect((error as Error).name).toBe("Error");
    // Of machines.csv and hardware.csv one is held against the other.
    expect((error as Error).message).toMatch(/^[\w/.-]+\.csv(:\d+: |: .*(line \d+|expected|nearest|twice))/);
    return;
  }
  expect([...numbersIn(result)].filter((number) => !Number.isFinite(number))).toEqual([]);
}

describe("a spoilt table", () => {
  it.each(readers)("%s ends in an error that names file and line, or in finite numbers", (file, read) => {
    fc.assert(
      fc.property(spoil, (how) => {
        replaced.set(file, spoilt(file, how));
        expectTableOrError(read);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ["rows", `a,b\n${"1,2\n".repeat(2_500_000)}`],
    ["one cell", `a,b\n${"x".repeat(10_000_000)},2\n`],
    ["a quote that never ends", `a,b\n"${"x".repeat(10_000_000)}`],
    ["columns", `${"a,".repeat(5_000_000)}\n`],
    ["one line", ",".repeat(10_000_000)],
  ])("of 10 MB is refused by its length: %s", (_, text) => {
    expect(() => parseRows("t.csv", text)).toThrow(/^t\.csv: expected at most/);
  });
});
