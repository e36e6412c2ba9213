/**
 * What a report of one's own is asked for: a model, a machine and settings, all checked before a notebook runs.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, resolve } from "node:path";
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
  if (!/\.json$/i.test(asked) && !/[\\/]/.test(asked)) return { model: told(`--model ${asked}`, () => library.model(asked)) };
  const path = resolve(process.env.INIT_CWD ?? process.cwd(), asked);
  if (!existsSync(path)) throw new SetupError(`--model ${asked}: expected a config.json there, found no file`);
  const { parseConfig } = createRequire(import.meta.url)("../../dist/model/config/text.js");
  return told(`--model ${asked}`, () => {
    const { _name_or_path, ...config } = plain(parseConfig(readFileSync(path, "utf8")));
    const id = idOf(path);
    return { model: library.addModel(library.modelFromConfig(config, { id, name: id })), config };
  });
}

/** As JSON holds it, which has no Infinity; an own path (_name_or_path) is nobody else's business. */
const plain = (config) => JSON.parse(JSON.stringify(config));

/** A configuration is known by its file's name, or where that is config.json by its folder's. */
function idOf(path) {
  const file = basename(path).replace(/\.json$/i, "");
  const name = (file.toLowerCase() === "config" ? basename(dirname(path)) : file).toLowerCase().replace(/[^a-z0-9.]+/g, "-");
  return `own-${name.replace(/^[-.]+|[-.]+$/g, "") || "model"}`;
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
