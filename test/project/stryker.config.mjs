/** Mutation testing of one module; test/mutate.mjs says which, by which tests, and where its results go. */
const name = process.env.DEEPSHOCK_MUTATED ?? "gemm";

export default {
  mutate: [`src/${name}.ts`],
  testRunner: "bundled",
  plugins: ["../test/project/mutation-runner.mjs"],
  coverageAnalysis: "perTest",
  concurrency: 1,
  timeoutMS: 8_000,
  timeoutFactor: 2,
  ignorePatterns: ["/dist", "/notebooks", "/.venv", "/.stryker"],
  tempDirName: ".stryker/tmp",
  cleanTempDir: "always",
  incremental: true,
  incrementalFile: `.stryker/${name}.incremental.json`,
  reporters: ["json"],
  jsonReporter: { fileName: `.stryker/${name}.json` },
  warnings: { slow: false },
  allowConsoleColors: false,
  logLevel: "warn",
};
