import { formatShare, hardware, isMoe, model, models } from "../index";
import { codeOf } from "../text/code";
import { letters } from "./csv";
import type { Find } from "./find";
import type { Setup } from "./setup";
import { claimIds, scenarioOf } from "./verdicts";
import { hardwareChanges } from "./what-if";

/**
 * TypeScript for a notebook cell that computes what the page shows of the scenarios: step, first token, tasks, figures, claims.
 *
 * Everything stands in a block of its own, so that the cell may be run again, or twice in one notebook. A claim that does not apply to
 * a scenario says why, as on the page.
 */
export function cellOf(setups: readonly Setup[], { inputTokens }: Pick<Find, "inputTokens">): string {
  const moe = setups.some((setup) => isMoe(setup.model));
  const own = [...new Set(setups.map(({ choice }) => model(choice.model)).filter(({ id }) => models().every((known) => known.id !== id)))];
  return [
    'import * as ds from "deepshock";',
    'import { showFigure, showTable } from "deepshock/notebook";',
    "",
    "{",
    ...own.map((record) => `  ds.addModel(${codeOf(record)});`),
    ...setups.flatMap(calibrationComment),
    "  const scenarios = [",
    ...setups.map((setup, i) => `    { name: "${letters[i]}", question: { ${question(setup)} } },`),
    "  ];",
    "  const steps = scenarios.map((s) => ds.decodeStep(s.question));",
    "  const prompts = [",
    ...setups.map((setup) => `    { ${prompt(setup)}, promptTokens: ${codeOf(inputTokens)} },`),
    "  ];",
    "  showTable(scenarios.map((s, i) => ({",
    "    scenario: s.name, model: s.question.model.name, machine: s.question.hardware.name,",
    "    milliseconds: steps[i].seconds * 1e3, low: steps[i].errorBand.low * 1e3, high: steps[i].errorBand.high * 1e3,",
    "    tokens: steps[i].tokensPerSecondPerGpu, user: steps[i].tokensPerSecondPerRequest, first: ds.timeToFirstToken(prompts[i]),",
    '    memory: ds.memoryFootprint(s.question).totalBytes <= s.question.hardware.memoryBytes ? "fits" : "does not fit",',
    '  })), { columns: { scenario: "Scenario", model: "Model", machine: "Machine", milliseconds: "Decode step (ms)", low: "from", high: "to",',
    '    tokens: "Tokens/s of each GPU", user: "Tokens/s of each user", first: "First token (s)", memory: "Memory" } });',
    `  showFigure(ds.tokensPerExpertFigure(scenarios.map((s) => s.question.model), [${setups.map((s) => codeOf(s.tokensInFlight)).join(", ")}]));`,
    "  showFigure(ds.durationsFigure(scenarios.map((s, i) => ({ name: s.name, tasks: ds.timedTasks(steps[i].tasks) }))));",
    '  showFigure(ds.runLengthsFigure(scenarios.map((s) => ({ name: s.name, accesses: ds.decodeAccesses(s.question) })), 32, 1e10, { conclusion: "" }));',
    ...(moe ? claimLines(setups) : ["  // The claims ask for routed experts, of which this model has none."]),
    "}",
    "",
  ].join("\n");
}

/** Where the machine's factors come from: the rows themselves are not in the cell. */
function calibrationComment({ calibration }: Setup, i: number): readonly string[] {
  if (calibration === undefined) return [];
  const { rows, before, after } = calibration;
  const off = `off by ${formatShare(before)} in the median before, by ${formatShare(after)} on rows left out since`;
  return [`  // Decode steps of ${letters[i]} are calibrated on ${rows} of your rows: ${off}.`];
}

/** The part with the most stress stands for a claim; one that does not apply says why. */
function claimLines(setups: readonly Setup[]): readonly string[] {
  return [
    `  const asked = [${setups.map((setup) => codeOf(scenarioOf(setup))).join(", ")}];`,
    "  const judge = (id: string, scenario: Partial<ds.Scenario>) => {",
    "    try {",
    "      const { verdict, headline, parts } = ds.judgeClaim(id, ds.dependsOnScenario(id) ? { scenario: scenario } : {});",
    "      const { kind, unit, value } = parts.reduce((a, b) => (b.stress > a.stress ? b : a));",
    '      const isOfReadings = kind === "definition" && unit === "share";',
    "      return { verdict: verdict, headline: headline, value: isOfReadings ? NaN : value };",
    "    } catch (error) {",
    '      return { verdict: "does not apply", headline: (error as Error).message, value: NaN };',
    "    }",
    "  };",
    `  const ids = ${codeOf(claimIds())};`,
    "  showTable(asked.flatMap((scenario, i) => ids.map((id) => ({ scenario: scenarios[i].name, claim: id, ...judge(id, scenario) }))));",
  ];
}

/** The fields of a decode step's question, as code. */
function question(setup: Setup): string {
  const { requests, contextTokens, draftTokens, overlap } = setup.question;
  return [
    ...placeOf(setup),
    `requests: ${codeOf(requests)}`,
    `contextTokens: ${codeOf(contextTokens)}`,
    ...(draftTokens === undefined ? [] : [`draftTokens: ${codeOf(draftTokens)}`]),
    ...(overlap === undefined ? [] : [`overlap: ${codeOf(overlap)} as const`]),
  ].join(", ");
}

function prompt(setup: Setup): string {
  return placeOf(setup).join(", ");
}

/** What a step and a prompt have in common: model, machine, split, formats, engine. */
function placeOf({ choice, question, calibration }: Setup): readonly string[] {
  const { tensorParallel, dataParallel, expertParallel, kernel, weightFormat, cacheFormat, engine } = question;
  const [base, machine] = [`ds.model(${codeOf(model(choice.model).id)})`, `ds.hardware(${codeOf(choice.machine)})`];
  const changes = hardwareChanges(choice, hardware(choice.machine));
  const factors = calibration?.factors ?? {};
  const calibrated = (code: string) => (Object.keys(factors).length === 0 ? code : `ds.calibratedMachine(${code}, ${codeOf(factors)})`);
  const isSplit = question.model.id !== model(choice.model).id;
  const asked = { tensorParallel, dataParallel, expertParallel, kernel, weightFormat, cacheFormat, engine };
  return [
    `model: ${isSplit ? `ds.whatIfModel(${base}, { granularity: ${codeOf(choice.granularity)} })` : base}`,
    `hardware: ${calibrated(Object.keys(changes).length === 0 ? machine : `ds.whatIfHardware(${machine}, ${codeOf(changes)})`)}`,
    ...Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${codeOf(value)}`])),
  ];
}
