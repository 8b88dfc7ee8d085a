import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { readConfig } from "#config";
import { openLog } from "#log";
import { parseDate } from "#model";
import { runNight } from "#operations";
import { adapters, openSystem } from "#system";

/*
 * Runs a night as the command does, and says on standard output which moments it passes: "phase number". Which phase a
 * moment belongs to is read off what goes to the database. Asked to, it kills itself at one of them: so many
 * milliseconds after the statement was sent, whatever is under way then.
 *
 * Arguments: configuration, day, the municipality's clock (ms), and perhaps phase, number and milliseconds of the kill.
 */

const [configFile = "", date = "", clock = "", phaseToKill, numberToKill, delay = "0"] = process.argv.slice(2);
const started = performance.now();
const now = (): number => Number(clock) + Math.floor(performance.now() - started);

const moments: ReadonlyArray<readonly [phase: string, RegExp]> = [
  ["pull", /^insert into "source_runs"|^update "source_runs"|^select .* from "cursors"/],
  ["commit of a page", /^insert into "raw_pages"|^insert into "source_hours"|klarsyn ledger/],
  [
    "normalise",
    /^COPY staged?_?\w* .*FROM STDIN|^INSERT INTO \w+_history|^INSERT INTO mapping_warnings|^UPDATE raw_pages/,
  ],
  ["reconcile", /^COPY \(.*TO STDOUT/s],
  [
    "write of findings",
    /staged_(findings|rule_outcomes|settlement_lines)|\bsaid\b|^COPY "(findings|settlement_lines)"|^WITH opened/,
  ],
];
const passed = new Map<string, number>();
let committing = false;

function passing(text: string): void {
  let phase = moments.find(([, pattern]) => pattern.test(text))?.[0];
  // The commit itself, where a page has just been written.
  if (phase === "commit of a page") committing = true;
  else if (committing && text === "COMMIT") [phase, committing] = ["commit of a page", false];
  if (phase === undefined) return;
  const number = (passed.get(phase) ?? 0) + 1;
  passed.set(phase, number);
  if (phase !== phaseToKill || number !== Number(numberToKill)) return;
  const strike = (): void => {
    writeSync(1, `struck: ${phase}, ${text.slice(0, 60).replace(/\s+/g, " ")}\n`);
    process.kill(process.pid, "SIGKILL");
  };
  if (delay === "0") strike();
  else void sleep(Number(delay)).then(strike);
}

// oxlint-disable-next-line unbound-method -- Called with the client as `this`.
const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
pg.Client.prototype.query = function query(this: pg.Client, ...args: unknown[]): unknown {
  const [statement] = args;
  // With a delay of 0 the statement is never sent; otherwise it is on its way.
  passing(typeof statement === "string" ? statement : ((statement as { text?: string })?.text ?? ""));
  return send.apply(this, args);
} as typeof pg.Client.prototype.query;

// Rows are read past the client.
// oxlint-disable-next-line unbound-method -- Called with the connection as `this`.
const sendTo = pg.Connection.prototype.query as (text: string) => void;
pg.Connection.prototype.query = function query(this: pg.Connection, text: string): void {
  if (/ TO STDOUT/.test(text)) passing(text);
  return sendTo.call(this, text);
} as typeof pg.Connection.prototype.query;

const config = readConfig(configFile, process.env, adapters);
await using system = await openSystem(config, { anySchema: false, log: openLog("silent"), now });
const { outcome } = await runNight(system, system.operator, {
  day: parseDate(date) ?? 0,
  full: false,
  signal: new AbortController().signal,
});
writeSync(1, `${JSON.stringify({ outcome, passed: Object.fromEntries(passed) })}\n`);
