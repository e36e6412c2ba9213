/**
 * Stryker's test runner for npm run mutate: the test files of one module, each bundled once and evaluated afresh for every mutant.
 *
 * Vitest's own runner and expectations run them in this process. Vitest as a whole starts a worker and loads every module of the
 * project for each mutant, some seconds of them; a bundle is evaluated in a few hundredths of one, so that a mutant costs its tests.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join, relative } from "node:path";
import vm from "node:vm";
import { INSTRUMENTER_CONSTANTS } from "@stryker-mutator/api/core";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { DryRunStatus, determineHitLimitReached, TestStatus, toMutantRunResult } from "@stryker-mutator/api/test-runner";
import { chai, GLOBAL_EXPECT, JestAsymmetricMatchers, JestChaiExpect, JestExtend, setState } from "@vitest/expect";
import { describe, getFn, it, startTests } from "@vitest/runner";
import { rolldown } from "rolldown";

const expect = Object.assign((value, message) => chai.expect(value, message), chai.expect);
for (const matchers of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(matchers);
Object.assign(expect, chai.expect);
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, writable: true, configurable: true });
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect);
const vitest = { describe, expect, it, test: it };

class BundledTests {
  static inject = [];
  shared = (globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {});
  root = process.cwd();
  load = remembering(createRequire(join(this.root, "package.json")));
  bundles = new Map();
  /** Of each test in the run without a mutant; in a file too, for a runner that takes over from one that hung. */
  milliseconds = new Map();
  times = join(this.root, "test-times.json");

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    for (const name of process.env.DEEPSHOCK_MUTATION_TESTS.split(" ")) {
      const file = join(this.root, "test", `${name}.test.ts`);
      this.bundles.set(file, await bundled(this.root, file));
    }
    if (existsSync(this.times)) this.milliseconds = new Map(JSON.parse(readFileSync(this.times, "utf8")));
  }

  /**
   * All tests for their times, then each alone in files loaded afresh, to count which mutants it passes by: what a module remembers
   * would hide a mutant from all tests but the first.
   */
  async dryRun() {
    const all = await this.run({});
    if (all.status !== DryRunStatus.Complete) return all;
    this.milliseconds = new Map(all.tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]));
    writeFileSync(this.times, JSON.stringify([...this.milliseconds]));
    for (const { id, status } of all.tests) {
      if (status !== TestStatus.Success) return all;
      const alone = await this.run({
        counted: true,
        only: new Set([id]),
        beforeTest: () => (this.shared.currentTestId = id),
        afterTest: () => (this.shared.currentTestId = undefined),
      });
      if (alone.tests?.[0]?.status !== TestStatus.Success) return alone;
    }
    return { ...all, mutantCoverage: this.shared.mutantCoverage };
  }

  /** A mutant of what runs as a file loads is active from the start, another one from the first test on. */
  async mutantRun({ activeMutant, testFilter, mutantActivation, hitLimit }) {
    const activate = () => (this.shared.activeMutant = activeMutant.id);
    Object.assign(this.shared, { activeMutant: undefined, hitCount: 0, hitLimit });
    if (mutantActivation === "static") activate();
    const result = await this.run({ only: testFilter && new Set(testFilter), mutated: true, beforeTests: activate });
    return toMutantRunResult(determineHitLimitReached(this.shared.hitCount, hitLimit) ?? result);
  }

  async run({ counted = false, mutated = false, only, beforeTests, beforeTest, afterTest }) {
    let failed = false;
    const files = [...this.bundles.keys()].filter((file) => only === undefined || [...only].some((id) => id.startsWith(this.id({ file }))));
    const done = await startTests(files, {
      config: {
        root: this.root,
        setupFiles: [],
        maxConcurrency: 1,
        sequence: { hooks: "stack", shuffle: false, concurrent: false },
        passWithNoTests: true,
        allowOnly: true,
        testTimeout: 300_000,
        hookTimeout: 300_000,
        tags: [],
      },
      importFile: (file) => this.bundles.get(file)[counted ? "counted" : "plain"](vitest, this.load),
      onCollected: (files) => {
        for (const file of files) file.tasks = this.quickestFirst(testsOf(file));
      },
      onBeforeRunFiles: beforeTests,
      onBeforeRunTask: (test) => {
        if ((mutated && failed) || only?.has(this.id(test)) === false) test.mode = "skip";
      },
      onBeforeTryTask: beforeTest,
      runTask: (test) => within(mutated ? this.limit(test) : undefined, getFn(test)),
      onAfterTryTask: afterTest,
      onAfterRunTask: (test) => {
        failed ||= test.result?.state === "fail";
      },
    });
    const errors = done.flatMap((file) => file.result?.errors ?? []);
    if (!failed && errors.length > 0) return { status: DryRunStatus.Error, errorMessage: errors.map((e) => e.message).join("\n") };
    return { status: DryRunStatus.Complete, tests: done.flatMap(testsOf).flatMap((test) => this.result(test)) };
  }

  /** As they stand where no times are known. Without their suites, whose hooks would not run: none has any. */
  quickestFirst(tests) {
    const time = (test) => this.milliseconds.get(this.id(test)) ?? 0;
    return tests.sort((a, b) => time(a) - time(b));
  }

  /** Milliseconds after which a loop without an end is broken off. */
  limit(test) {
    const usual = this.milliseconds.get(this.id(test));
    return usual === undefined ? undefined : Math.ceil(2000 + 10 * usual);
  }

  id({ file, fullTestName = "" }) {
    return `${relative(this.root, file.filepath ?? file)}#${fullTestName}`;
  }

  result(test) {
    if (test.result?.state !== "pass" && test.result?.state !== "fail") return [];
    const result = { id: this.id(test), name: test.fullTestName, timeSpentMs: test.result.duration ?? 0, fileName: test.file.filepath };
    if (test.result.state === "pass") return [{ ...result, status: TestStatus.Success }];
    return [{ ...result, status: TestStatus.Failed, failureMessage: test.result.errors?.[0]?.message ?? "" }];
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "bundled", BundledTests)];

/** Packages as they are, but a table that was parsed once is not parsed again for every mutant: that takes longer than most tests. */
function remembering(load) {
  const tables = new Map();
  const { parse } = load("csv-parse/sync");
  const csv = {
    parse: (text, options) => {
      const key = `${JSON.stringify(options)} ${text}`;
      if (!tables.has(key)) tables.set(key, frozen(parse(text, options)));
      return tables.get(key);
    },
  };
  return (id) => (id === "csv-parse/sync" ? csv : load(id));
}

function frozen(value) {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

/**
 * Functions that evaluate a test file and what it imports of the project; packages are loaded once. Which mutants a test passes by
 * is counted in the first run alone: in an inner loop counting costs several times the arithmetic.
 */
async function bundled(root, file) {
  const entry = "\0entry";
  const bundle = await rolldown({
    input: entry,
    platform: "node",
    logLevel: "silent",
    external: (id) => id !== entry && !id.startsWith(".") && !isAbsolute(id),
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) =>
          id === entry ? [join(root, "test", "seed.ts"), file].map((f) => `import ${JSON.stringify(f)};`).join("\n") : undefined,
      },
    ],
  });
  const [{ code }] = (await bundle.generate({ format: "cjs" })).output;
  const evaluated = (text) => {
    const script = new vm.Script(`(function(exports, require, __dirname){${text}\n})`, { filename: `${file}.js` });
    return (vitest, load) => script.runInThisContext()({}, (id) => (id === "vitest" ? vitest : load(id)), join(root, "src", "data"));
  };
  return { counted: evaluated(code), plain: evaluated(code.replace(/function stryCov_\w+\(\) \{/, "$& return;")) };
}

const call = new vm.Script("deepshockTest()");

/** Runs a test, and throws in the midst of it when the time is over. */
function within(timeout, test) {
  globalThis.deepshockTest = test;
  return timeout === undefined ? test() : call.runInThisContext({ timeout });
}

function testsOf(suite) {
  return suite.tasks.flatMap((task) => (task.type === "suite" ? testsOf(task) : [task]));
}
