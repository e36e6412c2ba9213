import { isMoe, type Model, machines, model, models } from "../index";
import { defaultScenario } from "../step/default-scenario";
import { nearest, nearWords } from "../text/nearest";
import { type Choice, most, whatIfRange, whatIfResources } from "./choice";
import { type Find, findParts, firstFind, mostFind } from "./find";
import { modelFromLink, modelToLink } from "./own";
import { calibrationParts, type RowsCalibration, readCalibration, writeCalibration } from "./rows-calibration";
import { startingChoice } from "./starting";

export { type Choice, most, type WhatIfResource, whatIfRange, whatIfResources } from "./choice";

/** All that the page shows follows from this. */
export interface State {
  readonly a: Choice;
  /** The second scenario, while two are compared. */
  readonly b?: Choice;
  /** What deployments are looked for. */
  readonly find: Find;
  /** Models that the reader brought along. */
  readonly own: readonly Model[];
}

/** That of the front page. */
export const firstState: State = {
  a: {
    model: defaultScenario.model,
    machine: defaultScenario.hardware,
    kernel: "",
    weightFormat: "",
    cacheFormat: "",
    engine: "",
    gpus: defaultScenario.gpus,
    tokensInFlight: defaultScenario.tokensInFlight,
    expertParallel: defaultScenario.expertParallel,
    tensorParallel: 1,
    contextTokens: defaultScenario.contextTokens,
    draftTokens: 0,
    overlap: "none",
    granularity: 1,
    times: {},
  },
  find: firstFind,
  own: [],
};

/** Parts of the address, in its order, and the field that each stands for. */
const parts = {
  model: "model",
  machine: "machine",
  kernel: "kernel",
  format: "weightFormat",
  cache: "cacheFormat",
  engine: "engine",
  gpus: "gpus",
  tokens: "tokensInFlight",
  ep: "expertParallel",
  tp: "tensorParallel",
  context: "contextTokens",
  drafts: "draftTokens",
  overlap: "overlap",
  granularity: "granularity",
} as const satisfies Record<string, keyof Choice>;
const second = "b.";
const changed = "x.";

/** Values that stand for nothing asked, and are left out of the address. */
const silent: Readonly<Partial<Record<keyof Choice, unknown>>> = { overlap: "none", draftTokens: 0, granularity: 1 };

/** The state as the part of an address behind "#". A model of the reader's own travels in it. */
export function writeAddress({ a, b, find, own }: State): string {
  const address = new URLSearchParams();
  const used = own.filter(({ id }) => id === a.model || id === b?.model);
  for (const [choice, prefix] of [[a, ""], ...(b === undefined ? [] : [[b, second]])] as [Choice, string][]) {
    for (const [part, field] of Object.entries(parts)) {
      const value = choice[field];
      if (value !== "" && value !== silent[field]) address.set(prefix + part, String(value));
    }
    for (const name of whatIfResources) {
      const factor = choice.times[name] ?? 1;
      if (factor !== 1) address.set(prefix + changed + name, String(factor));
    }
  }
  for (const [part, field] of Object.entries(findParts)) if (find[field] !== firstFind[field]) address.set(part, String(find[field]));
  if (a.calibration !== undefined) writeCalibration(address, a.calibration);
  for (const model of used) address.append("own", modelToLink(model));
  return address.toString();
}

/** What an address says, as far as it can be followed, and in words what cannot. */
export interface ReadAddress {
  readonly state: State;
  readonly troubles: readonly string[];
}

/**
 * The state that an address asks for. Never throws: what is wrong in it is named, and the first state's value stands in.
 *
 * Links of version 1.1 name no GPUs: theirs are the ranks of experts times the GPUs of a rank.
 *
 * @param known - models the page already holds beside the registry's.
 */
export function readAddress(hash: string, known: readonly Model[] = []): ReadAddress {
  const troubles: string[] = [];
  const address = new URLSearchParams(hash.replace(/^#/, ""));
  const own = [...known];
  for (const text of address.getAll("own")) {
    try {
      const found = modelFromLink(text);
      if (!own.some(({ id }) => id === found.id)) own.push(found);
    } catch (error) {
      troubles.push(`The model in this link cannot be read: ${(error as Error).message}`);
    }
  }
  const ofChoice = [...Object.keys(parts), ...whatIfResources.map((name) => changed + name)];
  const names = [...ofChoice.flatMap((part) => [part, second + part]), ...Object.keys(findParts), ...calibrationParts];
  for (const name of new Set(address.keys())) {
    if (name !== "own" && !names.includes(name))
      troubles.push(`The link has a part "${name}" that this page does not know; nearest: ${nearest(name, names).join(", ")}.`);
  }
  const a = readChoice(address, "", firstState.a, own, troubles);
  const compares = ofChoice.some((part) => address.has(second + part));
  const b = compares ? { b: readChoice(address, second, a, own, troubles) } : {};
  const state = { a, ...b, find: readFind(address, troubles), own };
  const calibration = readCalibration(address, troubles);
  return { state: calibration === undefined ? state : withCalibration(state, calibration), troubles };
}

/** The same state, calibrated on a reader's rows in both scenarios; as the model is where there is no calibration. */
export function withCalibration({ a, b, ...rest }: State, calibration: RowsCalibration | undefined): State {
  const of = ({ calibration: _, ...choice }: Choice): Choice => (calibration === undefined ? choice : { ...choice, calibration });
  return { ...rest, a: of(a), ...(b === undefined ? {} : { b: of(b) }) };
}

function readChoice(address: URLSearchParams, prefix: string, fallback: Choice, own: readonly Model[], troubles: string[]): Choice {
  const said = (part: string) => address.get(prefix + part) ?? undefined;
  const oneOf = (part: keyof typeof parts, ids: readonly string[], instead: string): string => {
    const asked = said(part);
    if (asked === undefined || ids.includes(asked)) return asked ?? instead;
    troubles.push(`The link's ${part} "${asked}" is not known; ${nearWords(asked, ids)}. ${instead} stands in.`);
    return instead;
  };
  const count = (part: keyof typeof parts, field: keyof typeof most, instead = fallback[field], least = 1): number => {
    const asked = said(part);
    if (asked === undefined) return instead;
    const value = Number(asked);
    if (/^\d+$/.test(asked) && value >= least && value <= most[field]) return value;
    troubles.push(`The link's ${part} must be a whole number from ${least} to ${most[field]}, got "${asked}". ${instead} stands in.`);
    return instead;
  };
  const factor = (part: string): number => {
    const asked = said(part);
    if (asked === undefined) return 1;
    const value = Number(asked);
    if (value >= whatIfRange.least && value <= whatIfRange.most) return value;
    troubles.push(`The link's ${part} must be a factor from ${whatIfRange.least} to ${whatIfRange.most}, got "${asked}". 1 stands in.`);
    return 1;
  };
  const ids = [...models().flatMap(({ id, aliases }) => [id, ...aliases]), ...own.map(({ id }) => id)];
  const chosen = oneOf("model", ids, fallback.model);
  const [expertParallel, tensorParallel] = [count("ep", "expertParallel"), count("tp", "tensorParallel")];
  const named = ["ep", "tp"].some((part) => said(part) !== undefined);
  const isOpen = !named && said("gpus") === undefined && said("tokens") === undefined;
  const ranks = isMoe(model(chosen)) ? expertParallel : 1;
  const times = whatIfResources.map((name) => [name, factor(changed + name)] as const);
  const read: Choice = {
    model: chosen,
    machine: oneOf(
      "machine",
      machines().map(({ id }) => id),
      fallback.machine,
    ),
    // What these may be depends on the rest: setUp says so where they do not fit.
    kernel: said("kernel") ?? "",
    weightFormat: said("format") ?? "",
    cacheFormat: said("cache") ?? "",
    engine: oneOf("engine", ["tensorrt-llm", "vllm", "sglang"], ""),
    gpus: count("gpus", "gpus", named ? Math.min(most.gpus, ranks * tensorParallel) : fallback.gpus),
    tokensInFlight: count("tokens", "tokensInFlight"),
    expertParallel,
    tensorParallel,
    contextTokens: count("context", "contextTokens"),
    draftTokens: count("drafts", "draftTokens", 0, 0),
    overlap: oneOf("overlap", ["none", "two-micro-batches"], "none") as Choice["overlap"],
    granularity: factor("granularity"),
    times: Object.fromEntries(times.filter(([, value]) => value !== 1)),
  };
  return isOpen && read.model !== fallback.model ? startingChoice(read) : read;
}

function readFind(address: URLSearchParams, troubles: string[]): Find {
  const read = Object.entries(findParts).map(([part, field]) => {
    const [least, largest] = mostFind[field];
    const asked = address.get(part);
    if (asked === null) return [field, firstFind[field]];
    const value = Number(asked);
    if (asked.trim() !== "" && value >= least && value <= largest) return [field, value];
    troubles.push(`The link's ${part} must be a number from ${least} to ${largest}, got "${asked}". ${firstFind[field]} stands in.`);
    return [field, firstFind[field]];
  });
  const find = Object.fromEntries(read) as unknown as Find;
  return find.gpusTo < find.gpusFrom ? { ...find, gpusTo: find.gpusFrom } : find;
}
