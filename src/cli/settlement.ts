import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatInstant, formatOre, type Ore } from "#model";
import {
  listClosedMonths,
  listSettlement,
  listStatementProviders,
  lockMonth,
  makePayments,
  makeStatement,
  settleMonth,
  settlementJson,
  unlockMonth,
  verifyMonth,
} from "#operations";
import {
  paymentCsv,
  paymentMapping,
  type Statement,
  statementCsv,
  statementPdf,
  statementText,
  statementXlsx,
  usualPaymentMapping,
} from "#statement";
import type { System } from "#system";
import { defineCommand, formatOption, monthPattern } from "./command.ts";
import { type Column, render, say, write } from "./render.ts";
import { UsageError } from "./run.ts";
import { showClaims } from "./settlement-claims.ts";

type Line = Parameters<typeof settlementJson>[0];
const minutes = (title: string, of: (line: Line) => number): Column<Line> => ({ title, of, align: "right" });
const ore = (title: string, of: (line: Line) => Ore): Column<Line> => ({
  title,
  of: (line) => formatOre(of(line)),
  plain: (line) => of(line) / 100,
  align: "right",
});

const usage = "[lock | unlock | settle | verify | statement | payments | months] --month YYYY-MM";
const writers = {
  text: (statement: Statement) => statementText(statement),
  json: (statement: Statement) => `${JSON.stringify(statement, null, 2)}\n`,
  csv: statementCsv,
  xlsx: statementXlsx,
  pdf: statementPdf,
};

export default defineCommand({
  name: "settlement",
  summary: "Granted, planned, registered, payable and claimed of a month; locks, settles and verifies it.",
  usage,
  needs: "system",
  positionals: { min: 0, max: 1 },
  options: {
    month: {
      type: "string",
      value: "YYYY-MM",
      summary: "The month",
      required: { except: ["months"] },
      pattern: monthPattern,
    },
    provider: { type: "string", value: "ID", summary: "statement: whose; without it, all providers'" },
    line: { type: "string", value: "ID", summary: "statement: only this order line" },
    as: {
      type: "string",
      value: "text|json|csv|xlsx|pdf",
      summary: "statement: how it is written",
      default: "text",
      oneOf: Object.keys(writers),
    },
    mapping: { type: "string", value: "FILE", summary: "payments: columns of the file, as YAML" },
    out: {
      type: "string",
      value: "FOLDER",
      summary: "statement: a file for each provider in this folder; payments: all files",
    },
    claims: { type: "boolean", summary: "Claims that are held or put right, and what nobody has claimed" },
    early: { type: "boolean", summary: "lock: before the cut-off of its contracts" },
    format: formatOption,
  },
  async run(
    { month, provider, line, as, mapping, out, early, claims, format },
    { system, positionals: [action = "show"] },
  ) {
    if (action === "months") {
      await showMonths(system, format);
      return "done";
    }
    if (month === undefined) throw new UsageError(`Usage: klarsyn settlement ${usage}`);
    if (action === "show") await (claims ? showClaims : showLines)(system, month, format);
    else if (action === "lock") await lock(system, month, early);
    else if (action === "unlock") {
      await unlockMonth(system, system.operator, month);
      say(`${month} är öppen igen.`);
    } else if (action === "settle") {
      const { lines } = await settleMonth(system, system.operator, month);
      say(`${month} är avräknad: ${lines} rader. Senare uppgifter blir justeringar i en senare månad.`);
    } else if (action === "statement") {
      await writeStatements(system, { month, provider, line, as: as as keyof typeof writers, out });
    } else if (action === "payments") {
      await writePayments(system, month, { mapping, out });
    } else if (action === "verify") return verify(system, month);
    else throw new UsageError(`Usage: klarsyn settlement ${usage}`);
    return "done";
  },
});

async function lock(system: System, month: string, early: boolean): Promise<void> {
  const { lines, adjustments } = await lockMonth(system, system.operator, {
    month,
    early,
    progress: (one) => say(`Räknar ${one} …`),
  });
  const earlier = adjustments === 0 ? "" : `, varav ${adjustments} justeringar av tidigare månader`;
  say(
    `${month} är låst: ${lines + adjustments} rader${earlier}. Nästa steg: \`klarsyn settlement settle --month ${month}\`.`,
  );
}

async function writeStatements(
  system: System,
  wanted: {
    month: string;
    provider: string | undefined;
    line: string | undefined;
    as: keyof typeof writers;
    out: string | undefined;
  },
): Promise<void> {
  const { month, provider, line, as, out } = wanted;
  const binary = as === "xlsx" || as === "pdf";
  if (out === undefined && (binary || provider === undefined))
    throw new UsageError(
      binary ? `--as ${as} needs --out FOLDER.` : "Say whose: --provider ID, or --out FOLDER for all.",
    );
  const providers = provider === undefined ? await listStatementProviders(system, system.operator, month) : [provider];
  for (const one of providers) {
    const statement = await makeStatement(system, system.operator, {
      month,
      provider: one,
      ...(line === undefined ? {} : { line }),
    });
    const content = await writers[as](statement);
    if (out === undefined) {
      await write(content as string);
      continue;
    }
    await mkdir(out, { recursive: true });
    // An id may hold what a file name may not.
    const name = `avrakning-${month}-${one.replaceAll(/[^\p{L}\p{N}_-]/gu, "_")}.${as === "text" ? "txt" : as}`;
    await writeFile(join(out, name), content, { mode: 0o600 });
    say(join(out, name));
  }
}

/** What each provider is paid for a closed month, as the ledger takes it, and the invoices that are ours to make out. */
async function writePayments(
  system: System,
  month: string,
  { mapping, out }: { mapping: string | undefined; out: string | undefined },
): Promise<void> {
  const columns = mapping === undefined ? usualPaymentMapping : paymentMapping(await readFile(mapping, "utf8"));
  const { payments, invoices } = await makePayments(system, system.operator, month);
  const content = paymentCsv(payments, columns);
  if (out === undefined) {
    if (invoices.length > 0) say(`${invoices.length} självfakturor skrivs med --out MAPP.`);
    await write(content);
    return;
  }
  await mkdir(out, { recursive: true });
  const files = [{ name: `utbetalning-${month}.csv`, content }, ...invoices];
  for (const file of files) {
    await writeFile(join(out, file.name), file.content, { mode: 0o600 });
    say(join(out, file.name));
  }
}

async function verify(system: System, month: string): Promise<"done" | "failed"> {
  const { lines, same, different } = await verifyMonth(system, system.operator, month);
  if (same) {
    say(`${month} räknad på nytt ur det som är sparat: alla ${lines} rader är desamma, tecken för tecken.`);
    return "done";
  }
  say(`${month} räknad på nytt ur det som är sparat: ${different.length} av ${lines} rader skiljer sig.`);
  for (const id of different.slice(0, 20)) say(`  ${decodeURIComponent(id)}`);
  return "failed";
}

async function showMonths(system: System, format: string): Promise<void> {
  await render(await listClosedMonths(system, system.operator), format, {
    columns: [
      { title: "Månad", of: ({ month }) => month },
      { title: "Läge", of: ({ settledAt }) => (settledAt === null ? "låst" : "avräknad") },
      { title: "Rader", of: ({ lines }) => lines, align: "right" },
      { title: "Låst", of: ({ lockedAt, lockedBy }) => `${formatInstant(lockedAt)} ${lockedBy}` },
      {
        title: "Avräknad",
        of: ({ settledAt, settledBy }) => (settledAt === null ? null : `${formatInstant(settledAt)} ${settledBy}`),
      },
    ],
    json: ({ month, settledAt, lines, lockedAt, lockedBy, settledBy }) => ({
      month,
      state: settledAt === null ? "locked" : "settled",
      lines,
      lockedAt: formatInstant(lockedAt),
      lockedBy,
      settledAt: settledAt === null ? null : formatInstant(settledAt),
      settledBy,
    }),
    empty: "Alla månader är öppna. Lås en med `klarsyn settlement lock --month ÅÅÅÅ-MM` när spärrdatum har passerat.",
  });
}

async function showLines(system: System, month: string, format: string): Promise<void> {
  await render(listSettlement(system, system.operator, { month }), format, {
    columns: [
      { title: "Utförare", of: (line) => line.provider },
      { title: "Enhet", of: (line) => line.unit },
      { title: "Brukare", of: (line) => line.client },
      { title: "Insats", of: (line) => line.service },
      { title: "Beställning", of: (line) => line.order },
      { title: "Rad", of: (line) => line.line },
      minutes("Beviljat", (line) => line.minutes.granted),
      minutes("Planerat", (line) => line.minutes.planned),
      minutes("Utfört", (line) => line.minutes.registered),
      minutes("Ersättning", (line) => line.minutes.payable),
      minutes("Avböjt", (line) => line.minutes.declined),
      minutes("Bom", (line) => line.minutes.noAnswer),
      minutes("Frånvaro", (line) => line.minutes.absent),
      minutes("Uteblivet", (line) => line.minutes.missed),
      minutes("Fakturerat", (line) => line.minutes.claimed),
      minutes("Ej utfört", (line) => line.minutes.underDelivered),
      ore("Att betala", (line) => line.ore.payable),
      ore("Fakturerat kr", (line) => line.ore.claimed),
      ore("För mycket", (line) => line.ore.overbilled),
      ore("Ej fakturerat", (line) => line.ore.unbilled),
    ],
    json: settlementJson,
    empty: `Det finns inga siffror för ${month}. Kör \`klarsyn night\` eller \`klarsyn reconcile\` först.`,
  });
}
