import { isMoe, model, models } from "../index";
import { letters } from "./csv";
import type { Setup } from "./setup";
import { scenarioOf } from "./verdicts";

/**
 * TypeScript for a notebook cell that computes what the page shows of the scenarios: step, tasks, figures, claims.
 *
 * Everything stands in a block of its own, so that the cell may be run again, or twice in one notebook.
 */
export function cellOf(setups: readonly Setup[]): string {
  const moe = setups.every((setup) => isMoe(setup.model));
  const own = [...new Set(setups.map((setup) => setup.model).filter(({ id }) => models().every((known) => known.id !== id)))];
  return [
    'import * as ds from "deepshock";',
    'import { showFigure, showTable } from "deepshock/notebook";',
    "",
    "{",
    ...own.map((record) => `  ds.addModel(${literal(record)});`),
    "  const scenarios = [",
    ...setups.map((setup, i) => `    { name: "${letters[i]}", question: { ${question(setup)} } },`),
    "  ];",
    "  const steps = scenarios.map((s) => ds.decodeStep(s.question));",
    "  showTable(scenarios.map((s, i) => ({",
    "    scenario: s.name, model: s.question.model.name, machine: s.question.hardware.name,",
    "    milliseconds: steps[i].seconds * 1e3, tokens: steps[i].tokensPerSecondPerGpu,",
    '  })), { columns: { scenario: "Scenario", model: "Model", machine: "Machine", milliseconds: "Decode step (ms)", tokens: "Tokens a second and GPU" } });',
    `  showFigure(ds.tokensPerExpertFigure(scenarios.map((s) => s.question.model), [${setups.map((s) => s.tokensInFlight).join(", ")}]));`,
    "  showFigure(ds.durationsFigure(scenarios.map((s, i) => ({ name: s.name, tasks: ds.timedTasks(steps[i].tasks) }))));",
    "  showFigure(ds.runLengthsFigure(scenarios.map((s) => ({ name: s.name, accesses: ds.decodeAccesses(s.question) }))));",
    ...(moe ? claimLines(setups) : ["  // The claims ask for routed experts, of which this model has none."]),
    "}",
    "",
  ].join("\n");
}

function claimLines(setups: readonly Setup[]): readonly string[] {
  return [
    `  const judged = [${setups.map((setup) => literal(scenarioOf(setup))).join(", ")}].map((scenario) => ds.claims({ scenario: scenario }));`,
    "  showTable(judged.flatMap((all, i) => all.map((c) => ({",
    "    scenario: scenarios[i].name, claim: c.id, name: c.name, verdict: c.verdict, headline: c.headline,",
    "  }))));",
  ];
}

/** The fields of a decode step's question, as code. */
function question(setup: Setup): string {
  const { requestsPerGpu, contextTokens, expertParallel, tensorParallel, overlap, kernel, weightFormat } = setup;
  return [
    `model: ds.model(${JSON.stringify(model(setup.model.id).id)})`,
    `hardware: ds.hardware(${JSON.stringify(setup.hardware.id)})`,
    `requestsPerGpu: ${requestsPerGpu}`,
    `contextTokens: ${contextTokens}`,
    `expertParallel: ${expertParallel}`,
    `tensorParallel: ${tensorParallel}`,
    `overlap: ${JSON.stringify(overlap)} as const`,
    `kernel: ${JSON.stringify(kernel)}`,
    `weightFormat: ${JSON.stringify(weightFormat)} as const`,
  ].join(", ");
}

/** A record as code; a text in it cannot end the code. */
function literal(record: object): string {
  return JSON.stringify(record).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
