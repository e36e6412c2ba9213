import { join } from "node:path";

/** Mutation testing of modules that have the same tests; test/project/mutate.mjs says which, by which tests, and where its results go. */
const names = (process.env.DEEPSHOCK_MUTATED ?? "kernels/gemm").split(" ");
const file = process.env.DEEPSHOCK_MUTATION_REPORT ?? names[0].replaceAll("/", "-");

export default {
  mutate: names.map((name) => `src/${name}.ts`),
  testRunner: "bundled",
  plugins: [join(import.meta.dirname, "mutation-runner.mjs")],
  coverageAnalysis: "perTest",
  concurrency: 1,
  timeoutMS: 8_000,
  timeoutFactor: 2,
  ignorePatterns: ["/dist", "/notebooks", "/.venv", "/.stryker"],
  tempDirName: ".stryker/tmp",
  cleanTempDir: "always",
  incremental: true,
  incrementalFile: `.stryker/${file}.incremental.json`,
  reporters: ["json"],
  jsonReporter: { fileName: `.stryker/${file}.json` },
  warnings: { slow: false },
  allowConsoleColors: false,
  logLevel: "warn",
};
