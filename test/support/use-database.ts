import { once } from "node:events";
import { openDatabase } from "#store";

// Opens the embedded database of a folder, runs SQL from the arguments one after the other, prints each result or
// error as a line of JSON, then "ready"; closes it when its input ends.
const [folder = "", ...statements] = process.argv.slice(2);
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
try {
  await using database = await openDatabase({ folder });
  for (const statement of statements) {
    try {
      print((await database.transaction(({ client }) => client.query(statement))).rows);
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
