import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type Column, csv, table } from "../../src/cli/render.ts";

interface Row {
  name: string | null;
  minutes: number | null;
}
const columns: ReadonlyArray<Column<Row>> = [
  { title: "Namn", of: ({ name }) => name },
  { title: "Minuter", of: ({ minutes }) => minutes, align: "right" },
];

describe("csv", () => {
  test("opens as it is in a Swedish spreadsheet: BOM, semicolons, decimal comma", () => {
    expect(csv(columns, [{ name: "Åsa; Örjan", minutes: 1.5 }])).toBe('\uFEFFNamn;Minuter\r\n"Åsa; Örjan";1,5\r\n');
    expect(csv(columns, [{ name: 'sa "hej"\nsen', minutes: null }])).toBe(
      '\uFEFFNamn;Minuter\r\n"sa ""hej""\nsen";\r\n',
    );
  });

  test.each(["=1+1", "+46", "-1+1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x";"y")'])(
    "makes no formula of a source's text: %j",
    (name) => {
      const [, line = ""] = csv(columns, [{ name, minutes: -5 }]).split(/\r\n(?=["'])/);
      expect(line.replace(/^"/, "")).toMatch(/^'/);
      expect(line).toMatch(/;-5\r\n$/);
    },
  );

  test("writes an amount as a number where the table writes it with its unit", () => {
    const amount: Column<Row> = { title: "Belopp", of: () => "1 234,50 kr", plain: () => 1234.5 };
    expect(csv([amount], [{ name: null, minutes: null }])).toBe("\uFEFFBelopp\r\n1234,5\r\n");
    expect(table([amount], [{ name: null, minutes: null }])).toContain("1 234,50 kr");
  });
});

describe("a table", () => {
  test("sets numbers to the right and shows a dash for nothing", () => {
    expect(
      table(columns, [
        { name: "a", minutes: 12_345 },
        { name: null, minutes: null },
      ]),
    ).toBe(["Namn  Minuter", "────  ───────", "a      12\u00a0345", "–           –", ""].join("\n"));
  });

  test("lets no text of a source steer the terminal or turn the line around", () => {
    const shown = table(columns, [{ name: "\u001b[2Jborta\u0007\u202erad\nny\u009b1m", minutes: 1 }]);
    expect(shown.split("\n")).toHaveLength(4);
    expect(shown).toContain("�[2Jborta��rad�ny�1m");
  });

  test("cuts what is longer than a terminal has room for", () => {
    expect(table(columns, [{ name: "x".repeat(90), minutes: 1 }]).split("\n")[2]).toMatch(/^x{59}…  +1$/);
  });
});

test("a reader that has seen enough is no failure", async () => {
  const command = resolve(import.meta.dirname, "../../bin/klarsyn.js");
  const child = spawn(process.execPath, [command, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => (complaints += text.toString()));
  const status = await new Promise((done) => child.on("close", done));
  expect([status, complaints]).toEqual([0, ""]);
});
