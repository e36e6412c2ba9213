// What notebook 11 shows beside the stated errors, printed: the yardstick of two engines, the worst rows with reasons, attention by kind
// and machine, layers by tokens, other public models. Run by fit.mjs with --report; fits nothing.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = createRequire(import.meta.url);
const dist = process.env.DEEPSHOCK_DIST ?? join(here, "..", "dist");
const load = (name) => built(join(dist, `${name}.js`));

const { deploymentRows } = load("published/deployment-rows");
const { stepPairs } = load("fit/step-rows");
const { engineYardstick } = load("fit/engine-pairs");
const { worstReasons } = load("fit/worst-reasons");
const { attentionErrorGroups } = load("fit/attention-error-groups");
const { layerErrorSizes } = load("fit/layer-error-sizes");
const { judgedRows } = load("fit/validation");
const { oursOnSet, peerErrors, peerParts } = load("fit/peers");

const percent = (value) => (value === undefined ? "" : (100 * value).toFixed(1)).padStart(8);
const print = (title, lines) => console.log([`\n${title}`, ...lines].join("\n"));
const pairs = stepPairs(deploymentRows(), "default");

const { pairs: many, median, p90, modelMedian } = engineYardstick(pairs);
print("two engines asked the same, % apart", [
  `${many} pairs${percent(median)} median${percent(p90)} nine of ten; the model on the same rows${percent(modelMedian)}`,
]);

const size = ({ measured, predicted }) => Math.abs(Math.log(measured / predicted));
const worst = [...pairs].sort((a, b) => size(b) - size(a)).slice(0, 10);
print(
  "the ten worst steps, measured / predicted - 1 in %",
  worstReasons(worst, pairs).map(({ pair, off, reasons }) => `${percent(off)}  ${pair.row.id}: ${reasons.join("; ")}`),
);

for (const by of ["kind", "machine"]) {
  print(
    `attention by ${by}, geometries left out: rows, median, nine of ten`,
    attentionErrorGroups(by).map((e) =>
      [`${e.phase} ${e.kind}`.padEnd(30), (e.machine ?? "").padEnd(10), String(e.rows).padStart(6), percent(e.median), percent(e.p90)].join(
        " ",
      ),
    ),
  );
}

print(
  "expert layers by tokens of a call, token counts left out: rows, median, nine of ten",
  layerErrorSizes(judgedRows()).map(
    (e) => `${String(e.from).padStart(6)} to ${String(e.to).padEnd(8)} ${e.rows} ${percent(e.median)} ${percent(e.p90)}`,
  ),
);

print(
  "other public models on measured rows: median, nine of ten",
  [...peerErrors(), oursOnSet("dealt out", pairs), oursOnSet("cut", pairs)].map(
    (e) =>
      `${e.set.padEnd(14)} ${`${e.who}, ${e.version}`.padEnd(24)} ${String(e.rows ?? "").padStart(4)} ${percent(e.median)} ${percent(e.p90)}`,
  ),
);

const us = (seconds) => (seconds === undefined ? "" : (seconds * 1e6).toFixed(0)).padStart(5);
print(
  "a layer of DeepSeek-V3 in us, theirs and ours: attention, experts, exchange",
  peerParts().map(({ who, machine, expertParallel, requestsPerGpu, theirs, ours }) =>
    [
      `${who}, ${machine}, EP ${expertParallel}, ${requestsPerGpu} requests`.padEnd(70),
      ...["attention", "experts", "exchange"].map((part) => `${us(theirs[part])} ${us(ours[part])}`),
    ].join("  "),
  ),
);
