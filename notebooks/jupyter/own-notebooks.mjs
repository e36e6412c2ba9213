/**
 * Notebooks for a scenario: the committed ones with other values in their second cell, and a note on top that says so.
 * All else, words included, is as committed.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { notebooks, writeWhole } from "./project.mjs";
import { degreeUpTo } from "./scenario.mjs";
import { SetupError } from "./setup.mjs";

/** A value as code, by the built package: this file is read before it is built. */
const codeOf = (value, indent) => createRequire(import.meta.url)("../../dist/text/code.js").codeOf(value, indent);

/**
 * What stands for a parameter under a scenario; undefined leaves the committed value. A companion that the scenario's own
 * model or machine would double gives way to the next.
 */
const values = {
  modelId: ({ model }) => model.id,
  machineId: ({ machine }) => machine.id,
  weightFormatName: ({ format }) => format,
  tokensInFlight: ({ numbers }) => numbers.tokens,
  requestsPerGpu: ({ numbers }) => numbers.requests,
  // Each request brings one token to a decode step.
  tokensPerGpu: ({ numbers }) => numbers.requests,
  contextTokens: ({ numbers }) => numbers.context,
  expertParallel: degree,
  gpus: degree,
  tokensPerExpert: ({ model, numbers }, _, all) =>
    Math.max(1, Math.round(((numbers.tokens ?? all.tokensInFlight) * model.expertsPerToken) / model.routedExperts)),
  coarseId: ({ model }, committed) => other(model, [committed, "grok-1"]),
  smallId: ({ model }, committed) => other(model, [committed, "gpt-oss-20b"]),
  nextId: ({ model }, committed) => other(model, [committed, "kimi-k3"]),
  newerMachineId: ({ machine }, committed) => other(machine, [committed, "b300-sxm"]),
  rackId: ({ machine }, committed) => other(machine, [committed, "gb300"]),
  machineIds: ({ machine }, committed) => [machine.id, committed.findLast((id) => id !== machine.id)],
};

/** In notebook 09 this is a column of a published table, which no model changes. */
const published = { "09-dma-or-load-store": ["tokensPerGpu"] };

function degree({ model, numbers }, committed) {
  return numbers["expert-parallel"] ?? degreeUpTo(model.routedExperts, committed);
}

const other = ({ id }, candidates) => candidates.find((candidate) => candidate !== id);

/** Write the notebooks for a scenario into a folder: their paths stay the same, and their bytes where nothing changed. */
export function writeOwnNotebooks(scenario, folder, library, source) {
  mkdirSync(folder, { recursive: true });
  const books = notebooks(source);
  for (const { name } of notebooks(folder)) if (!books.some((book) => book.name === name)) rmSync(join(folder, `${name}.ipynb`));
  for (const { name, path } of books) {
    const own = ownNotebook(name, JSON.parse(readFileSync(path, "utf8")), scenario, library);
    writeWhole(join(folder, `${name}.ipynb`), `${JSON.stringify(own, null, 1)}\n`);
  }
}

/**
 * One notebook for a scenario.
 *
 * @throws SetupError when the second cell does not hold parameters, a line each.
 */
export function ownNotebook(name, notebook, scenario, library) {
  const [title, parameters, ...rest] = notebook.cells;
  const committed = parametersOf(name, parameters);
  const { source, all } = withValues(name, committed, scenario);
  const config = scenario.config === undefined ? [] : [configCell(scenario)];
  const cells = [title, noteCell(scenario, committed, all, library), { ...parameters, source: source.join("\n") }, ...config, ...rest];
  return { ...notebook, cells };
}

/** The lines of a parameter cell: [{ name, text, value }], the value as JSON has it; modelId in a list stands for itself. */
function parametersOf(notebook, cell) {
  if (!cell?.metadata?.tags?.includes("parameters")) throw new SetupError(`${notebook}: expected the second cell to be tagged parameters`);
  const lines = (Array.isArray(cell.source) ? cell.source.join("") : cell.source).split("\n");
  return lines.map((line) => {
    const [, name, text] = /^const (\w+) = (.+);$/.exec(line) ?? [];
    const value = name === undefined ? undefined : jsonOf(text.replace(/\bmodelId\b/g, '"modelId"'));
    if (value === undefined)
      throw new SetupError(`${notebook}: expected const NAME = VALUE; in the second cell, the value as JSON has it; got "${line}"`);
    return { name, text, value };
  });
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withValues(notebook, committed, scenario) {
  const before = Object.fromEntries(committed.map(({ name, value }) => [name, value]));
  const all = {};
  const source = committed.map(({ name, text, value }) => {
    const own = published[notebook]?.includes(name) ? undefined : values[name]?.(scenario, value, before);
    all[name] = own ?? value;
    return `const ${name} = ${own === undefined ? text : codeOf(own).replaceAll(",", ", ")};`;
  });
  return { source, all };
}

const markdown = (id, source) => ({ cell_type: "markdown", id, metadata: {}, source });

/** Says for what the notebook ran and for what its words were written. */
function noteCell({ model, machine }, committed, all, library) {
  const written = Object.fromEntries(committed.map(({ name, value }) => [name, value]));
  const on = (modelName, machineId) => (machineId === undefined ? modelName : `${modelName} on ${library.hardware(machineId).name}`);
  const settings = Object.entries(words)
    .filter(([name]) => all[name] !== undefined)
    .map(([name, say]) => say(all[name], library));
  const asked = on(model.name, all.machineId === undefined ? undefined : machine.id);
  return markdown(
    "own-note",
    `> **Executed for ${asked}**${settings.length > 0 ? ` (${settings.join(", ")})` : ""}. Numbers, tables, figures and their captions are computed for this choice. The words around them were written for ${on(library.model(written.modelId).name, written.machineId)} and may not fit it. The verdict of a claim is that of the argument as a whole; what the claims come to for ${model.name} on ${machine.name} is in [notebook 12](12-verdicts.ipynb#for-one-model-on-one-machine).`,
  );
}

const count = (number) => number.toLocaleString("en-US");
const words = {
  weightFormatName: (value, { weightFormatWords }) => `weights in ${weightFormatWords[value] ?? value}`,
  tokensInFlight: (value) => `${count(value)} tokens in flight`,
  requestsPerGpu: (value) => `${count(value)} requests per GPU`,
  tokensPerGpu: (value) => `${count(value)} tokens per GPU`,
  contextTokens: (value) => `${count(value)} tokens of context`,
  expertParallel: (value) => `experts over ${count(value)} GPUs`,
};

/** Shows how the model was made, so that the notebook can be run again by whoever gets it; on a page it is folded, for it can be 500 lines long. */
function configCell({ model, config }) {
  const options = codeOf({ id: model.id, name: model.name });
  return {
    cell_type: "code",
    id: "own-model",
    metadata: {},
    execution_count: null,
    outputs: [],
    source: `import { addModel, modelFromConfig } from "deepshock";\n\naddModel(modelFromConfig(${codeOf(config, 2)}, ${options})).name;`,
  };
}
