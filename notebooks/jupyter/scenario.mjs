/**
 * What a report of one's own is asked for: a model, a machine and settings, all checked before a notebook runs.
 */
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { hash } from "./project.mjs";
import { SetupError } from "./setup.mjs";

/** Options of `npm run report` that ask for a report of one's own, as node:util's parseArgs takes them. */
export const scenarioOptions = {
  model: { type: "string" },
  machine: { type: "string" },
  format: { type: "string" },
  tokens: { type: "string" },
  requests: { type: "string" },
  context: { type: "string" },
  "expert-parallel": { type: "string" },
};

export const scenarioUsage = `  --model ID|FILE        a model of data/models.csv, or a Hugging Face config.json
  --machine ID           a machine of data/machines.csv
  --format NAME          of the experts' weights; as the model was released, as far as the machine has it, when left out
  --tokens N             tokens in flight in an expert-parallel group
  --requests N           requests of one GPU in a decode step
  --context N            tokens of context of a request
  --expert-parallel N    GPUs that share the experts of a layer`;

/** Beyond these a notebook would run for minutes, or its figures hold nothing. */
const most = { tokens: 1_048_576, requests: 65_536, context: 16_777_216, "expert-parallel": 65_536 };

/** Whether any option asks for a report of one's own. */
export const asksForOwn = (values) => Object.keys(scenarioOptions).some((name) => values[name] !== undefined);

/**
 * The scenario that options ask for: { model, machine, format, numbers, config, folder }. A config.json becomes a model of
 * the library here too, so that what is asked of the library later knows it.
 *
 * @param values as parseArgs gives them.
 * @param library the built cost model, dist/index.js.
 * @throws SetupError naming the option, what was expected and what came.
 */
export function scenarioOf(values, library) {
  for (const name of ["model", "machine"])
    if (values[name] === undefined)
      throw new SetupError(`--${name} is missing: a report of your own needs a model and a machine\n${scenarioUsage}`);
  const numbers = numbersOf(values);
  const { model, config } = modelOf(values.model, library);
  const machine = told(`--machine ${values.machine}`, () => library.hardware(values.machine));
  if (!library.isMoe(model))
    throw new SetupError(
      `--model ${values.model}: expected a model with routed experts, which all the notebooks are about; ${model.name} has none (a dense model to compare with stands in notebooks 02 and 03)`,
    );
  if (machine.networkBytesPerSecond === undefined)
    throw new SetupError(
      `--machine ${values.machine}: expected a machine whose network rate is known, which the exchange between GPUs needs; data/hardware.csv has no networkBytesPerSecond of ${machine.name}`,
    );
  checkDegree(numbers["expert-parallel"], model);
  return {
    model,
    machine,
    config,
    numbers,
    format: formatOf(values.format, model, machine, library),
    folder: `${model.id}-on-${machine.id}`,
  };
}

function numbersOf(values) {
  const given = Object.keys(most).filter((name) => values[name] !== undefined);
  return Object.fromEntries(
    given.map((name) => {
      const number = /^\d+$/.test(values[name]) ? Number(values[name]) : Number.NaN;
      if (!(number >= 1 && number <= most[name]))
        throw new SetupError(`--${name}: expected a whole number from 1 to ${most[name]}, got "${values[name]}"`);
      return [name, number];
    }),
  );
}

function modelOf(asked, library) {
  if (!/\.json$/i.test(asked) && !/[\\/]/.test(asked) && !isFolder(asked, library))
    return { model: told(`--model ${asked}`, () => library.model(asked)) };
  const path = configAt(resolve(process.env.INIT_CWD ?? process.cwd(), asked));
  if (path === undefined) throw new SetupError(`--model ${asked}: expected a config.json there, found no file`);
  const require = createRequire(import.meta.url);
  const { parseConfig } = require("../../dist/model/config/text.js");
  const { harmless } = require("../../dist/text/harmless.js");
  return told(`--model ${asked}`, () => {
    const parsed = parseConfig(readFileSync(path, "utf8"));
    const config = withoutPlaces(parsed);
    const name = idOf(path, harmless);
    // Of two configurations by one name neither takes the other's place.
    const id = `${name}-${hash(JSON.stringify(config)).slice(0, 6)}`;
    // As it was read: what JSON cannot hold, such as Infinity, is told as what it is.
    const model = library.modelFromConfig(parsed, { id, name });
    if (model.routedExperts > mostExperts)
      throw new SetupError(
        `expected a model of at most ${mostExperts.toLocaleString("en-US")} routed experts, which figures and simulations can draw one by one; got ${model.routedExperts.toLocaleString("en-US")}`,
      );
    return { model: library.addModel(model), config };
  });
}

/** A folder of this name that holds a config.json, where no model goes by that name. */
function isFolder(asked, library) {
  const known = library.models().some(({ id, aliases }) => id === asked || aliases.includes(asked));
  return !known && configAt(resolve(process.env.INIT_CWD ?? process.cwd(), asked)) !== undefined;
}

/** Twice those of any released model. */
const mostExperts = 4096;

/** The file, or the config.json of a folder; undefined where there is neither. */
function configAt(path) {
  const inside = join(path, "config.json");
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  return statSync(inside, { throwIfNoEntry: false })?.isFile() ? inside : undefined;
}

/** Where the author kept the model, and which code loads it, are nobody else's business: left out at every depth. */
const places = new Set(["_name_or_path", "name_or_path", "auto_map", "_commit_hash"]);

/** The configuration as JSON holds it, without those. @throws Error for one that nests deeper than can be shown. */
function withoutPlaces(config) {
  try {
    return JSON.parse(JSON.stringify(config, (field, value) => (places.has(field) ? undefined : value)));
  } catch (error) {
    if (error instanceof RangeError)
      throw new Error("expected a config.json of a few levels, got one that nests too deep to be shown in a notebook");
    throw error;
  }
}

/** A configuration is known by its file's name, or where that is config.json by its folder's; letters of every script count. */
function idOf(path, harmless) {
  const file = basename(path).replace(/\.json$/i, "");
  const name = harmless(file.toLowerCase() === "config" ? basename(dirname(path)) : file)
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}.]+/gu, "-");
  // An id has at most 48 letters, of which the mark of the content must keep its seven.
  const letters = [...name.replace(/^[-.]+/, "")].slice(0, 37).join("");
  return `own-${letters.replace(/[-.]+$/, "") || "model"}`;
}

/** Errors of the library are for people, and say what is nearest; in front goes the option that was meant. */
function told(option, ask) {
  try {
    return ask();
  } catch (error) {
    throw new SetupError(`${option}: ${error.message}`);
  }
}

function checkDegree(degree, { name, routedExperts }) {
  if (degree === undefined || routedExperts % degree === 0) return;
  const divisors = divisorsOf(routedExperts);
  const nearest = [divisors.findLast((d) => d < degree), divisors.find((d) => d > degree)].filter((d) => d !== undefined);
  throw new SetupError(
    `--expert-parallel: expected a divisor of the ${routedExperts} experts of ${name}, so that every GPU holds as many; got ${degree}, nearest: ${nearest.join(", ")}`,
  );
}

const divisorsOf = (count) => Array.from({ length: count }, (_, i) => i + 1).filter((d) => count % d === 0);

/** The largest number of GPUs up to a most over which experts can be dealt evenly. */
export const degreeUpTo = (experts, largest) => divisorsOf(experts).findLast((d) => d <= largest);

function formatOf(asked, model, machine, library) {
  if (asked === undefined) return library.defaultExperts(model, machine, 1).weightFormat;
  const { arithmetic } = told("--format", () => library.weightFormat(asked));
  const peaks = machine.peakFlopsPerSecond;
  if (peaks[arithmetic] !== undefined) return asked;
  const possible = library.weightFormatNames.filter((name) => peaks[library.weightFormat(name).arithmetic] !== undefined);
  throw new SetupError(
    `--format ${asked}: no kernel runs it on ${machine.name}, which has no ${arithmetic} arithmetic; formats that run there: ${possible.join(", ")}`,
  );
}
