#!/usr/bin/env node
// Starts Klarsyn under the Node that the project brings, since the machine's own may be too old to run TypeScript.
import { spawn } from "node:child_process";
import * as modules from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// To compile hundreds of files takes as long as many a command: once is enough. Kept beside the packages, where nobody
// else on the machine writes; second threads learn of it by the environment.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../node_modules/.cache/klarsyn", import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= 24) {
  modules.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  // For each file of a package Node reads its package.json anew, and that of drizzle-orm has 180 kB: half a second.
  modules.registerHooks({
    resolve(specifier, context, next) {
      return /^\..*\.js$/.test(specifier) && context.parentURL?.includes("/node_modules/drizzle-orm/")
        ? { url: new URL(specifier, context.parentURL).href, format: "module", shortCircuit: true }
        : next(specifier, context);
    },
  });
  await import(new URL("../src/main.ts", import.meta.url).href);
} else {
  let node;
  try {
    node = join(dirname(modules.createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
  } catch {
    process.stderr.write("Node 24 is missing. Run npm ci in the project's folder.\n");
    process.exit(64);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(
      `Node 24 could not be started (${error.code ?? error.name}). Run npm ci in the project's folder.\n`,
    );
    process.exit(64);
  });
  child.on("exit", (code, signal) => {
    if (signal !== null) process.kill(process.pid, signal);
    else process.exit(code ?? 1);
  });
}
