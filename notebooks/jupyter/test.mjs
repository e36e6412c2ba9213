/** npm test: every test, after the set-up. Arguments go to vitest: npm test -- routing */
import { join } from "node:path";
import { root, run } from "./project.mjs";
import { main } from "./setup.mjs";

await main(async () => {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { code } = await run(process.execPath, [vitest, "run", "--config", "test/vitest.config.mts", ...process.argv.slice(2)], {
    inherit: true,
    // Vite warns of a future default that concerns no one who only runs the tests.
    env: { ...process.env, VITE_CONFIG_NATIVE_IGNORE_WARNING: "true" },
  });
  return code;
});
