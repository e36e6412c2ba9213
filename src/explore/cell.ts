import { isMoe, model, models } from "../index";
import { codeOf } from "../text/code";
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
    ...own.map((record) => `  ds.addModel(${codeOf(record)});`),
    "  const scenarios = [",
    ...setups.map((setup, i) => `    { name: "${letters[i]}", question: { ${question(setup)} } },`),
    "  ];",
    "  const steps = scenarios.map((s) => ds.decodeStep(s.question));",
    "  showTable(scenarios.map((s, i) => ({",
    "    scenario: s.name, model: s.question.model.name, machine: s.question.hardware.name,",
    "    milliseconds: steps[i].seconds * 1e3, tokens: steps[i].tokensPerSecondPerGpu,",
    '  })), { columns: { scenario: "Scenario", model: "Model", machine: "Machine", milliseconds: "Decode step (ms)", tokens: "Tokens a second and GPU" } });',
    `  showFigure(ds.tokensPerExpertFigure(scenarios.map((s) => s.question.model), [${setups.map((s) => codeOf(s.tokensInFlight)).join(", ")}]));`,
    "  showFigure(ds.durationsFigure(scenarios.map((s, i) => ({ name: s.name, tasks: ds.timedTasks(steps[i].tasks) }))));",
    "  showFigure(ds.runLengthsFigure(scenarios.map((s) => ({ name: s.name, accesses: ds.decodeAccesses(s.question) }))));",
    ...(moe ? claimLines(setups) : ["  // The claims ask for routed experts, of which this model has none."]),
    "}",
    "",
  ].join("\n");
}

function claimLines(setups: readonly Setup[]): readonly string[] {
  return [
    `  const judged = [${setups.map((setup) => codeOf(scenarioOf(setup))).join(", ")}].map((scenario) => ds.claims({ scenario: scenario }));`,
    "  showTable(judged.flatMap((all, i) => all.map((c) => ({",
    "    scenario: scenarios[i].name, claim: c.id, name: c.name, verdict: c.verdict, headline: c.headline,",
    "  }))));",
  ];
}

/** The fields of a decode step's question, as code. */
function question(setup: Setup): string {
  const { requestsPerGpu, contextTokens, expertParallel, tensorParallel, overlap, kernel, weightFormat } = setup;
  return [
    `model: ds.model(${codeOf(model(setup.model.id).id)})`,
    `hardware: ds.hardware(${codeOf(setup.hardware.id)})`,
    `requestsPerGpu: ${codeOf(requestsPerGpu)}`,
    `contextTokens: ${codeOf(contextTokens)}`,
    `expertParallel: ${codeOf(expertParallel)}`,
    `tensorParallel: ${codeOf(tensorParallel)}`,
    `overlap: ${codeOf(overlap)} as const`,
    `kernel: ${codeOf(kernel)}`,
    `weightFormat: ${codeOf(weightFormat)} as const`,
  ].join(", ");
}
