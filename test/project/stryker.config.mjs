import { join } from "node:path";

/** Mutation testing of one module; test/project/mutate.mjs says which, by which tests, and where its results go. */
const name = process.env.DEEPSHOCK_MUTATED ?? "kernels/gemm";
const file = name.replaceAll("/", "-");

export default {
  mutate: [`src/${name}.ts`],
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
