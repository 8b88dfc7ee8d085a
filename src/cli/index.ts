import alias from "./alias.ts";
import apiClients from "./api-clients.ts";
import type { Command } from "./command.ts";
import demo from "./demo.ts";
import doctor from "./doctor.ts";
import findings from "./findings.ts";
import log from "./log.ts";
import mapping from "./mapping.ts";
import migrate from "./migrate.ts";
import night from "./night.ts";
import pull from "./pull.ts";
import quarantine from "./quarantine.ts";
import rebuild from "./rebuild.ts";
import reconcile from "./reconcile.ts";
import rules from "./rules.ts";
import serve from "./serve.ts";
import settlement from "./settlement.ts";
import simulate from "./simulate.ts";
import sources from "./sources.ts";
import webhooks from "./webhooks.ts";
import work from "./work.ts";

export { ReaderLeft } from "./render.ts";
export { exitStatus, helpOf, helpOfAll, parseOptions, UsageError } from "./run.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  demo,
  doctor,
  night,
  pull,
  reconcile,
  findings,
  settlement,
  sources,
  quarantine,
  alias,
  rules,
  mapping,
  apiClients,
  log,
  rebuild,
  webhooks,
  migrate,
  simulate,
  serve,
  work,
];
