import { once } from "node:events";
import { copyIn, copyOut, openDatabase, type Transaction } from "#store";

// Opens the embedded database of a folder, runs SQL from the arguments one after the other, prints each result or
// error as a line of JSON, then "ready"; closes it when its input ends. "FILL TABLE" copies rows in until it fails,
// and a COPY … TO STDOUT is read to its end.
const [folder = "", ...statements] = process.argv.slice(2);
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function run({ client }: Transaction, statement: string): Promise<unknown> {
  const [, table] = /^FILL (.*)$/.exec(statement) ?? [];
  if (table !== undefined) {
    return copyIn(client, table, ["text"], async (rows) => {
      for (;;) {
        rows.row();
        rows.text("x".repeat(1000));
        if (rows.full) await rows.drain();
      }
    });
  }
  if (statement.startsWith("COPY")) return copyOut(client, statement, () => undefined);
  return (await client.query(statement)).rows;
}

try {
  await using database = await openDatabase({ folder });
  for (const statement of statements) {
    try {
      print(await database.transaction((tx) => run(tx, statement)));
    } catch (error) {
      print({ error: (error as Error).message, code: (error as { code?: string }).code });
    }
  }
  print("ready");
  if (!process.stdin.readableEnded) {
    process.stdin.resume();
    await once(process.stdin, "end");
  }
} catch (error) {
  print({ error: (error as Error).message, code: (error as { code?: string }).code });
}
