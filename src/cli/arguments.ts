import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { addModel, hardware, model, modelFromConfigText } from "../index";
import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { harmless } from "../text/harmless";

/** A command line that cannot be; its message is for the person at the keyboard. */
export class UsageError extends Error {}

/** The options of all commands, and what stands for them where they are left out. */
const options = {
  model: { type: "string" },
  machine: { type: "string" },
  requests: { type: "string", default: "128" },
  context: { type: "string", default: "4096" },
  "expert-parallel": { type: "string", default: "1" },
  "tensor-parallel": { type: "string", default: "1" },
  overlap: { type: "string", default: "none" },
  format: { type: "string" },
  kernel: { type: "string" },
  draws: { type: "string", default: "4096" },
  gpus: { type: "string", default: "8" },
  input: { type: "string", default: "4096" },
  output: { type: "string", default: "1024" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** A command line, read. */
export interface Asked {
  readonly command: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
  /** @throws UsageError when it is missing; Error when there is no such model. */
  readonly model: () => Model;
  /** @throws UsageError when it is missing; RangeError when there is no such machine. */
  readonly machine: () => Hardware;
  /** @throws UsageError unless it is a whole number from 1. */
  readonly count: (name: "requests" | "context" | "expert-parallel" | "tensor-parallel" | "draws" | "gpus" | "input" | "output") => number;
  readonly text: (name: "overlap" | "format" | "kernel" | "model" | "machine") => string | undefined;
}

/**
 * Read a command line.
 *
 * @throws UsageError for an option that no command has.
 */
export function askedBy(args: readonly string[]): Asked {
  const { values, positionals } = parsed(args);
  if (positionals.length > 1) throw new UsageError(`expected one command, got ${positionals.join(" and ")}`);
  return {
    command: positionals[0],
    json: values.json,
    help: values.help,
    model: () => modelOf(required("model", values.model)),
    machine: () => hardware(required("machine", values.machine)),
    count: (name) => {
      const number = /^\d{1,15}$/.test(values[name]) ? Number(values[name]) : 0;
      if (number < 1) throw new UsageError(`--${name}: expected a whole number from 1, got "${values[name]}"`);
      return number;
    },
    text: (name) => values[name],
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
}

/** A model of the registry, or the one that a config.json (or the folder of one) describes. */
function modelOf(asked: string): Model {
  const path = configAt(resolve(asked));
  if (path === undefined || !/[\\/.]/.test(asked)) return model(asked);
  const file = basename(path).replace(/\.json$/i, "");
  const name = harmless(file.toLowerCase() === "config" ? basename(dirname(path)) : file) || "own model";
  return addModel(modelFromConfigText(readFileSync(path, "utf8"), { id: `own ${name}`, name }));
}

function configAt(path: string): string | undefined {
  const isFile = (candidate: string) => existsSync(candidate) && statSync(candidate).isFile();
  return [path, join(path, "config.json")].find(isFile);
}
