import { type Model, machines, models } from "../index";
import { nearest } from "../text/nearest";
import { modelFromLink, modelToLink } from "./own";

/** One model on one machine, and how it runs. What stands here is what was asked for; setUp says what it becomes. */
export interface Choice {
  readonly model: string;
  readonly machine: string;
  /** Empty: the usual one for the model and machine. */
  readonly kernel: string;
  /** Empty: as the model was released, or as the kernel computes. */
  readonly weightFormat: string;
  /** Of the whole group of GPUs. */
  readonly tokensInFlight: number;
  readonly expertParallel: number;
  readonly tensorParallel: number;
  readonly contextTokens: number;
  readonly overlap: "none" | "two-micro-batches";
}

/** All that the page shows follows from this. */
export interface State {
  readonly a: Choice;
  /** The second scenario, while two are compared. */
  readonly b?: Choice;
  /** Models that the reader brought along. */
  readonly own: readonly Model[];
}

/** The article's tokens, the model and machine of the notebooks. */
export const firstState: State = {
  a: {
    model: "kimi-k2",
    machine: "h100-sxm",
    kernel: "",
    weightFormat: "",
    tokensInFlight: 6144,
    expertParallel: 64,
    tensorParallel: 1,
    contextTokens: 4096,
    overlap: "none",
  },
  own: [],
};

/** Largest counts that the page takes: far above anything built, and small enough that every number stays finite. */
export const most = { tokensInFlight: 2 ** 24, expertParallel: 4096, tensorParallel: 64, contextTokens: 2 ** 24 } as const;

/** Parts of the address, in its order, and the field that each stands for. */
const parts = {
  model: "model",
  machine: "machine",
  kernel: "kernel",
  format: "weightFormat",
  tokens: "tokensInFlight",
  ep: "expertParallel",
  tp: "tensorParallel",
  context: "contextTokens",
  overlap: "overlap",
} as const satisfies Record<string, keyof Choice>;
const second = "b.";

/** The state as the part of an address behind "#". A model of the reader's own travels in it. */
export function writeAddress({ a, b, own }: State): string {
  const address = new URLSearchParams();
  const used = own.filter(({ id }) => id === a.model || id === b?.model);
  for (const [choice, prefix] of [[a, ""], ...(b === undefined ? [] : [[b, second]])] as [Choice, string][]) {
    for (const [part, field] of Object.entries(parts)) {
      const value = choice[field];
      if (value !== "" && !(field === "overlap" && value === "none")) address.set(prefix + part, String(value));
    }
  }
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
  const names = Object.keys(parts).flatMap((part) => [part, second + part]);
  for (const name of new Set(address.keys())) {
    if (name !== "own" && !names.includes(name))
      troubles.push(`The link has a part "${name}" that this page does not know; nearest: ${nearest(name, names).join(", ")}.`);
  }
  const a = readChoice(address, "", firstState.a, own, troubles);
  const compares = Object.keys(parts).some((part) => address.has(second + part));
  const b = compares ? { b: readChoice(address, second, a, own, troubles) } : {};
  return { state: { a, ...b, own }, troubles };
}

function readChoice(address: URLSearchParams, prefix: string, fallback: Choice, own: readonly Model[], troubles: string[]): Choice {
  const said = (part: keyof typeof parts) => address.get(prefix + part) ?? undefined;
  const oneOf = (part: keyof typeof parts, ids: readonly string[], instead: string): string => {
    const asked = said(part);
    if (asked === undefined || ids.includes(asked)) return asked ?? instead;
    troubles.push(`The link's ${part} "${asked}" is not known; nearest: ${nearest(asked, ids).join(", ")}. ${instead} stands in.`);
    return instead;
  };
  const count = (part: keyof typeof parts, field: keyof typeof most): number => {
    const asked = said(part);
    if (asked === undefined) return fallback[field];
    const value = Number(asked);
    if (/^\d+$/.test(asked) && value >= 1 && value <= most[field]) return value;
    troubles.push(`The link's ${part} must be a whole number from 1 to ${most[field]}, got "${asked}". ${fallback[field]} stands in.`);
    return fallback[field];
  };
  const ids = [...models().flatMap(({ id, aliases }) => [id, ...aliases]), ...own.map(({ id }) => id)];
  return {
    model: oneOf("model", ids, fallback.model),
    machine: oneOf(
      "machine",
      machines().map(({ id }) => id),
      fallback.machine,
    ),
    // What these two may be depends on the rest: setUp says so where they do not fit.
    kernel: said("kernel") ?? "",
    weightFormat: said("format") ?? "",
    tokensInFlight: count("tokens", "tokensInFlight"),
    expertParallel: count("ep", "expertParallel"),
    tensorParallel: count("tp", "tensorParallel"),
    contextTokens: count("context", "contextTokens"),
    overlap: oneOf("overlap", ["none", "two-micro-batches"], "none") as Choice["overlap"],
  };
}
