import { acquireLease, openDatabase } from "#store";

// Takes a tenant's lease and holds it until it is killed.
const [url = "", tenantId = ""] = process.argv.slice(2);
const database = await openDatabase({ url });
await acquireLease(database, tenantId, { purpose: "night" });
process.stdout.write("held\n");
setInterval(() => undefined, 60_000);
